"""Campos, Jou, Giro-i-Nieto, Torres & Chang 2018: networks that decide after each update how long to rest.

Read in the paper itself, with the authors' code. What an update costs is measured by `holdfast saving`.
"""

from holdfast.experiments.claims import better, solves
from holdfast.experiments.experiment import changed, experiments, settings_file
from holdfast.experiments.question import Question, Scale

SOURCE = "campos2018skip"


def adding(scale: Scale) -> tuple[Question, ...]:
    """Whether a network that rests still adds, over 50 steps.

    Paper: the adding table. Published: lstm and gru (their gates start at 1) "solves it"; skip-lstm "solves it with
    81.1 ± 3.6 % of the updates", at a price of 1e-5 "solves it with 53.9 ± 2.1 % of the updates"; skip-gru "solves it
    with 97.9 ± 3.2 % of the updates", at a price of 1e-5 "solves it with 50.7 ± 2.6 % of the updates".

    Full: a learning rate of 1e-4, 50,000 steps of batches of 256; two hours of a core a run (estimated), 20 minutes of
    a GPU.
    Small: a learning rate of 1e-3, 5,000 steps; a quarter of an hour of a core a run (estimated).
    """
    small = settings_file("campos2018/adding")
    paper = changed(small, training={"learning_rate": 1e-4, "steps": 50_000})
    claims = tuple(map(solves, small["models"]))
    return (Question("adding", small, claims, paper) if scale == "small" else Question("adding", paper, claims),)


def pixels(scale: Scale) -> tuple[Question, ...]:
    """Whether a network that rests reads MNIST pixel by pixel as well.

    Paper: the sequential MNIST table, test accuracy in percent, mean of 4 runs: lstm 91, gru 96.8, skip-lstm at a price
    of 1e-4 97.3 with 379.4 of 784 updates, skip-gru 97.6 with 392.6. An LSTM of others, which it cites: 98.9.

    Full: 600 epochs in batches of 256; a week of a core a run or more (estimated), 14 hours of a GPU.
    Small: 2,000 steps of batches of 64 at ten times the rate; ten minutes of a core a run (estimated).
    """
    paper = {
        "task": {"name": "mnist"},
        "models": {
            "forget-lstm": {"objective": "labels"},
            "reset-before-gru": {"objective": "labels"},
            "skip-lstm-1e-4": {"name": "skip-lstm"},
            "skip-gru-1e-4": {"name": "skip-gru"},
        },
        "model": {"hidden_size": 110},
        "objective": {"name": "budget", "per": "sequence", "weight": 1e-4},
        "training": {
            "steps": 117_000,
            "batch_size": 256,
            "learning_rate": 1e-4,
            "evaluate_every": 195,
            "report_every": 50,
        },
        "seeds": [0, 1, 2, 3],
    }
    claims = (better("skip-lstm-1e-4", than="forget-lstm"), better("skip-gru-1e-4", than="reset-before-gru"))
    if scale == "full":
        return (Question("mnist", paper, claims),)
    ours = changed(paper, training={"steps": 2000, "batch_size": 64, "learning_rate": 1e-3}, seeds=[0, 1, 2])
    return (Question("mnist", ours, claims, paper),)


ALL = experiments(SOURCE, adding, pixels)
"""Its experiments."""
