"""Thornton, Anumula & Liu 2019: units that are each open around a time of their own.

Of the paper only the abstract was read: "better on long sequences", ten times fewer computes and more with a budget,
and a curriculum that speeds up the equivalent LSTM. No number is known, all settings are ours, and small and full are
the same. They stand in experiments/thornton2019.
"""

from holdfast.experiments.claims import better, level, sooner
from holdfast.experiments.experiment import experiments, settings_file
from holdfast.experiments.question import Question, Scale

SOURCE = "thornton2019reducing"


def budget(scale: Scale) -> tuple[Question, ...]:
    """What a price on updates buys: adding over 500 steps.

    Paper: the abstract. Published: no number is known.

    Small and full: 110 units, 4,000 steps; five minutes of a core a run (estimated), a quarter of an hour of a GPU.

    Our guesses: all of it.
    """
    del scale  # there is one
    claims = (
        better("budget-0", than="forget-lstm"),
        better("budget-0", than="phased-lstm"),
        level("budget-0.01", "budget-0", within=0.01),
    )
    return (Question("adding", settings_file("thornton2019/budget"), claims),)


def curriculum(scale: Scale) -> tuple[Question, ...]:
    """Whether gates that open while training lead to an LSTM that adds over 500 steps sooner.

    Paper: the abstract. Published: no number is known.

    Small and full: 110 units, 5,000 steps; seven minutes of a core a run (estimated), 20 of a GPU.

    Our guesses: all of it. Before step 2,000 the gates are not all open, and what solves the task is not yet an LSTM.
    """
    del scale  # there is one
    claims = (sooner("curriculum", than="forget-lstm"), better("curriculum", than="forget-lstm"))
    return (Question("adding", settings_file("thornton2019/curriculum"), claims),)


def pixels(scale: Scale) -> tuple[Question, ...]:
    """What a price on updates costs in accuracy: MNIST pixel by pixel.

    Paper: sequential MNIST. Published: no number is known.

    Small and full: 110 units, 2,000 steps; eight minutes of a core a run (estimated), a quarter of an hour of a GPU.

    Our guesses: all of it.
    """
    del scale  # there is one
    claims = (better("budget-0", than="forget-lstm"), level("budget-0.1", "budget-0", within=0.02))
    return (Question("mnist", settings_file("thornton2019/mnist"), claims),)


ALL = experiments(SOURCE, budget, curriculum, pixels)
"""Its experiments."""
