"""`holdfast cite`: whom to thank."""

from collections.abc import Sequence

from holdfast.citations import bibtex
from holdfast.cli.build import MODELS, model_named
from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.spelling import did_you_mean
from holdfast.tasks import TASKS


def main(arguments: Sequence[str]) -> int:
    """Prints the BibTeX entries of models and tasks, each once."""
    parser = Parser("cite", "MODEL ...", "Prints the BibTeX entries of models and tasks.")
    parser.add_argument("names", nargs="+", help="models or tasks")
    keys = dict.fromkeys(key for name in parser.parse_args(arguments).names for key in sources(name))
    print("\n\n".join(bibtex(key) for key in keys))
    return 0


def sources(name: str) -> tuple[str, ...]:
    """Keys of the bibliography for a model or a task.

    Raises:
        UserError: it is neither; the message names the nearest.
    """
    found = TASKS.get(name) or model_named(name)
    if found is None:
        hint = did_you_mean(name, {**TASKS, **MODELS}, "`holdfast list` shows those that there are")
        raise UserError(f"there is no model or task '{name}'; {hint}")
    return found.sources
