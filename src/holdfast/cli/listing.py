"""`holdfast list`: what has a name."""

from collections.abc import Iterable, Sequence

from holdfast.citations import reference
from holdfast.cli.build import MODELS
from holdfast.cli.parser import Parser
from holdfast.layers import MODIFIERS
from holdfast.tasks import TASKS


def main(arguments: Sequence[str]) -> int:
    """Prints names, summaries and sources."""
    shown = {"models": models, "tasks": tasks}
    parser = Parser("list", "[models|tasks]", "Shows the models and tasks, with their sources.")
    parser.add_argument("kind", nargs="?", choices=list(shown), help="what to show; both unless given")
    kind = parser.parse_args(arguments).kind
    print("\n\n".join("\n".join(shown[name]()) for name in ([kind] if kind else shown)))
    return 0


def models() -> list[str]:
    """Layers and rivals, group by group."""
    lines = ["models"]
    for group in dict.fromkeys(entry.group for entry in MODELS.values()):
        lines += [f"  {group}"]
        lines += [line(entry.name, entry.summary, entry.sources) for entry in MODELS.values() if entry.group == group]
    before = ", ".join(f"{name}-" for name in MODIFIERS)
    return [*lines, f"  before the name of any recurrent layer, as in zoneout-nru: {before}"]


def tasks() -> list[str]:
    """Every task."""
    return ["tasks", *(line(task.name, task.summary, task.sources) for task in TASKS.values())]


def line(name: str, summary: str, sources: Iterable[str]) -> str:
    """One name, what it is, and who is to be cited."""
    return f"    {name:<24}{summary} [{'; '.join(reference(key).short for key in sources)}]"
