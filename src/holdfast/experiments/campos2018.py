"""Campos, Jou, Giró-i-Nieto, Torres & Chang 2018: networks that learn which updates to skip."""

from holdfast.experiments.claims import solves
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

    Full: rate 1e-4, 50,000 steps; 45 minutes of a core a run.
    Small: ten times the rate for a tenth of the steps; four minutes of a core a run.

    Our guesses: the number of steps, which the paper's text does not give.
    """
    small = settings_file("campos2018/adding")
    claims = tuple(solves(label) for label in small["models"])
    paper = changed(
        small, training={"learning_rate": 1e-4, "steps": 50_000, "evaluate_every": 1000}, seeds=[0, 1, 2, 3]
    )
    if scale == "full":
        return (Question("adding", paper, claims),)
    return (Question("adding", small, claims, paper),)


ALL = experiments(SOURCE, adding)
"""Its experiments."""
