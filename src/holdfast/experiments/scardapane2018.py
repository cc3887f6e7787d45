"""Scardapane, Van Vaerenbergh, Comminiello, Totaro & Uncini 2018: gates that learn their own shape.

Only the abstract could be read: "better accuracy" and "a large speed-up in the number of training iterations". No
number of theirs is known, and all settings but the formula of the gate are ours.
"""

from holdfast.experiments.claims import better, level, sooner
from holdfast.experiments.experiment import changed, experiments
from holdfast.experiments.question import Question, Scale

SOURCE = "scardapane2018recurrent"


def rows(scale: Scale) -> tuple[Question, ...]:
    """Whether gates with a learnt shape read MNIST row by row better, and which part of them does it.

    Paper: row-wise MNIST. Published: no number is known.

    Full: 100 units, batches of 32, 20 epochs; ten minutes of a core a run (estimated), as many of a GPU.
    Small: two epochs; one minute of a core a run (estimated).

    Our guesses: everything but the gate itself.
    """
    return (_question("row-mnist", scale, steps=31_250, few=3000),)


def pixels(scale: Scale) -> tuple[Question, ...]:
    """The same pixel by pixel, in order and scrambled.

    Paper: pixel-wise and permuted MNIST. Published: no number is known.

    Full: 100 units, batches of 32, 20 epochs; an hour of a core a run or more (estimated), three of a GPU.
    Small: 32 units, one epoch of permuted MNIST; one to three minutes of a core a run (estimated).

    Our guesses: everything but the gate itself.
    """
    if scale == "small":
        return (_question("permuted-mnist", scale, steps=31_250, few=1600, hidden_size=32),)
    return tuple(_question(task, scale, steps=31_250) for task in ("mnist", "permuted-mnist"))


def _question(task: str, scale: Scale, *, steps: int, few: int = 0, hidden_size: int = 100) -> Question:
    paper = {
        "task": {"name": task},
        "models": {
            "gru": {"name": "reset-before-gru"},
            "kaf-gru": {},
            "without-residual": {"name": "kaf-gru", "residual": 0.0},
            "random-start": {"name": "kaf-gru", "start": "random"},
        },
        "model": {"hidden_size": 100},
        "training": {
            "steps": steps,
            "batch_size": 32,
            "learning_rate": 1e-3,
            "evaluate_every": 200,
            "report_every": 50,
        },
        "seeds": [0, 1, 2],
    }
    claims = (
        better("kaf-gru", than="gru"),
        sooner("kaf-gru", than="gru"),
        better("kaf-gru", than="without-residual"),
        better("kaf-gru", than="random-start"),
    )
    if scale == "full":
        return Question(task, paper, claims)
    ours = changed(paper, model={"hidden_size": hidden_size}, training={"steps": few})
    return Question(task, ours, (*claims, level("kaf-gru", "gru", within=0.05)), paper)


ALL = experiments(SOURCE, rows, pixels)
"""Its experiments."""
