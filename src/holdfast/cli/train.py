"""`holdfast train`: one model on one task."""

import sys
from collections.abc import Sequence
from pathlib import Path

from holdfast.cli.build import build_model, build_task, card_of
from holdfast.cli.config import chosen, spelt_out
from holdfast.cli.errors import UserError
from holdfast.cli.objectives import add_objective, build_learner, objective_choice
from holdfast.cli.options import MORE, add_config, add_model, add_task, add_training, model_of, task_choice
from holdfast.cli.parser import Parser
from holdfast.training import RunSettings, Summary, TrainingSettings, automatic, train
from holdfast.training.news import in_words
from holdfast.training.progress import Watch

RESUME = "Stopped. Nothing that was recorded is lost: give the same command to go on where the last checkpoint stands."


def main(arguments: Sequence[str]) -> int:
    """Trains, or goes on where an interrupted run of the same settings stopped; 1 if it diverged, 130 after Ctrl-C."""
    settings, folder = parse(arguments)
    try:
        summary = run(settings, folder, watch=automatic)
    except KeyboardInterrupt:
        print(RESUME, file=sys.stderr)
        return 130
    print(f"{summary.message}; {figures(summary)}record in {folder}", file=sys.stderr if diverged(summary) else None)
    return 1 if diverged(summary) else 0


def parse(arguments: Sequence[str]) -> tuple[RunSettings, Path]:
    """The run that the arguments ask for, and its folder.

    Raises:
        UserError: they ask for something that there is not.
        ValueError: a setting is out of its range.
    """
    return understood(spelt_out(arguments))


def understood(given: Sequence[str]) -> tuple[RunSettings, Path]:
    """The run that arguments ask for in which all names are spelt out, and its folder.

    Raises:
        UserError: they ask for something that there is not.
        ValueError: a setting is out of its range.
    """
    parser = Parser("train", "--task NAME --model NAME [options]", f"Trains one model on one task. {MORE}")
    add_config(parser)
    parser.add_argument("--seed", type=int, default=0, help="of the parameters, the data and the dropout")
    parser.add_argument(
        "--folder", type=str, default=None, help="where the record goes; runs/TASK/MODEL/seed-SEED unless given"
    )
    add_task(parser, chosen(given, "task.name"))
    add_model(parser, chosen(given, "model.name"))
    add_objective(parser, chosen(given, "objective.name"))
    add_training(parser)
    values = parser.parse_args(given).as_dict()
    task, model = task_choice(values["task"]), values["model"]
    if model["name"] is None:
        raise UserError("no model was named; add --model NAME (`holdfast list models` shows them)")
    objective = objective_choice(values["objective"])
    training = TrainingSettings(**values["training"])
    settings = RunSettings(task, model_of(model), training, values["seed"], objective)
    folder = values["folder"] or f"runs/{task.name}/{settings.model.name}/seed-{settings.seed}"
    return settings, Path(folder)


def run(settings: RunSettings, folder: Path, *, watch: Watch) -> Summary:
    """Builds what the settings name, and trains it.

    Raises:
        ValueError: a setting is out of its range, or the folder or what is in it can't be used.
    """
    task = build_task(settings.task)
    model = build_model(settings.model, task, settings.seed)
    card = card_of(settings.model, model, settings.objective)
    learner = build_learner(settings.objective, model, settings.seed, endless=task.endless)
    return train(learner, task, settings.training, seed=settings.seed, folder=folder, card=card, watch=watch)


def diverged(summary: Summary) -> bool:
    return summary.status == "diverged"


def figures(summary: Summary) -> str:
    """What the test set says, and how long it took; ends with a comma if it is anything."""
    measures = [f"test {name} {value:.4g}" for name, value in (summary.test or {}).items()]
    waited = f" ({summary.waited / max(summary.seconds, 1e-9):.1%} waiting for data)" if summary.waited else ""
    return "".join(f"{part}, " for part in (*measures, in_words(summary.seconds) + waited))
