"""Gu, Gulcehre, Paine, Hoffman & Pascanu 2020: gates that can be learnt near saturation.

Their full text could not be read: settings come from a third party's code that claims them, and † marks a number that
was written down from memory of the paper.
"""

from holdfast.experiments.claims import better, fails, solves, sooner
from holdfast.experiments.experiment import changed, experiments
from holdfast.experiments.question import Question, Scale

SOURCE = "gu2020improving"


def copy(scale: Scale) -> tuple[Question, ...]:
    """Which gates learn to copy ten letters over a long gap.

    Paper: the copy task, a figure. Published in words: "UR and OR solve it fast, - makes the least progress" †.

    Full: lag 480, 256 units, batches of 10, 10,000 steps; about 45 minutes of a core a run, or 3 minutes of a GPU.
    Small: lag 200, 128 units; 5 minutes of a core a run.

    Our guess: T_max of C- is the length of the task.
    """
    paper = {
        "task": {"name": "copying", "lag": 480, "convention": "gu"},
        "models": {
            "tied-lstm": {},
            "tied-chrono-lstm": {"t_max": 500},
            "uniform-lstm": {},
            "refine-lstm": {},
            "ur-lstm": {},
        },
        "model": {"hidden_size": 256},
        "training": {
            "steps": 10_000,
            "batch_size": 10,
            "learning_rate": 1e-3,
            "evaluate_every": 250,
            "stop_when_solved": True,
        },
        "seeds": [0, 1, 2],
    }
    claims = (
        solves("ur-lstm"),
        sooner("ur-lstm", than="uniform-lstm"),
        better("uniform-lstm", than="tied-lstm"),
        better("refine-lstm", than="tied-lstm"),
        fails("tied-lstm"),
    )
    if scale == "full":
        return (Question("copying", paper, claims),)
    small = changed(
        paper,
        task={"lag": 200},
        models={"tied-chrono-lstm": {"t_max": 220}},
        model={"hidden_size": 128},
        training={"steps": 5000, "batch_size": 20, "learning_rate": 5e-3},
    )
    return (Question("copying", small, claims, paper),)


ALL = experiments(SOURCE, copy)
"""Its experiments."""
