"""Campos, Jou, Giró-i-Nieto, Torres & Chang 2018: networks that learn which updates to skip."""

from holdfast.experiments.claims import better, cheaper, solves
from holdfast.experiments.experiment import changed, experiments, settings_file
from holdfast.experiments.question import Question, Scale

SOURCE = "campos2018skip"


def adding(scale: Scale) -> tuple[Question, ...]:
    """Whether adding is solved though updates are skipped, and how many are.

    Paper: the adding table, 110 units, 4 runs.

        lstm                                 solves it
        gru                                  solves it
        skip-lstm                            solves it with 81.1 ± 3.6 % of the updates
        skip-lstm, budget 1e-05 a sequence   solves it with 53.9 ± 2.1 % of the updates
        skip-gru                             solves it with 97.9 ± 3.2 % of the updates
        skip-gru, budget 1e-05 a sequence    solves it with 50.7 ± 2.6 % of the updates

    The share of updates is the `openness` of a record.

    Full: rate 1e-4, 50,000 steps; 45 minutes of a core a run, 20 of a GPU (estimated).
    Small: ten times the rate for a tenth of the steps; four minutes of a core a run, two of a GPU (estimated).

    Our guesses: the number of steps, which the paper's text does not give; a GRU's update gate starts with bias 1, as
    the LSTM's forget gate does, where the authors' code has 1 in its reset gate too.
    """
    small = settings_file("campos2018/adding")
    claims = (
        *(solves(label) for label in small["models"]),
        cheaper("skip-lstm", than="forget-lstm"),
        cheaper("skip-lstm-1e-5", than="forget-lstm", by=1.8),
        cheaper("skip-gru-1e-5", than="forget-gru", by=1.8),
    )
    paper = changed(
        small, training={"learning_rate": 1e-4, "steps": 50_000, "evaluate_every": 1000}, seeds=[0, 1, 2, 3]
    )
    if scale == "full":
        return (Question("adding", paper, claims),)
    return (Question("adding", small, claims, paper),)


def pixels(scale: Scale) -> tuple[Question, ...]:
    """Whether a network that skips updates reads MNIST pixel by pixel as well as one that does not.

    Paper: the sequential MNIST table, test accuracy in percent, mean of 4 runs: lstm 91, gru 96.8, skip-lstm at a price
    of 1e-4 97.3 with 379.4 of 784 updates, skip-gru 97.6 with 392.6.

    Full: 600 epochs in batches of 256; a week of a core a run or more (estimated), 13 hours of a GPU.
    Small: 2,000 steps of batches of 64 at ten times the rate; ten minutes of a core a run (estimated).

    Our guess: a GRU starts as in campos2018/adding.
    """
    paper = {
        "task": {"name": "mnist"},
        "models": {
            "forget-lstm": {"objective": "labels"},
            "forget-gru": {"objective": "labels"},
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
    claims = (
        better("skip-lstm-1e-4", than="forget-lstm"),
        better("skip-gru-1e-4", than="forget-gru"),
        cheaper("skip-lstm-1e-4", than="forget-lstm", by=1.9),
        cheaper("skip-gru-1e-4", than="forget-gru", by=1.9),
    )
    if scale == "full":
        return (Question("mnist", paper, claims),)
    ours = changed(paper, training={"steps": 2000, "batch_size": 64, "learning_rate": 1e-3}, seeds=[0])
    return (Question("mnist", ours, claims, paper),)


ALL = experiments(SOURCE, adding, pixels)
"""Its experiments."""
