"""Thornton, Anumula & Liu 2019: LSTMs whose units are updated around one time each.

Only the abstract could be read: "10 times fewer computes and more" with a budget, and a curriculum that "speeds the
convergence of the equivalent LSTM". No number of theirs is known, and all settings are ours.
"""

from holdfast.experiments.claims import accurate, cheaper, solves, sooner
from holdfast.experiments.experiment import changed, experiments, settings_file
from holdfast.experiments.question import Question, Scale

SOURCE = "thornton2019reducing"


def budget(scale: Scale) -> tuple[Question, ...]:
    """What a price on updates buys: how few of them solve adding, and what fewer cost on pixels.

    Paper: adding over 1,000 steps and MNIST pixel by pixel. Published: no number is known. Openness and operations
    stand in the records; `holdfast saving` measures the time that a run saves at inference.

    Full: adding over 1,000 steps, MNIST for 20 epochs; half an hour of a core a run, an hour on MNIST.
    Small: adding over 500 steps, five minutes of a core a run; MNIST, two epochs, seven minutes of a core a run.

    Our guesses: the form of the price, widths, rates.
    """
    adding, mnist = settings_file("thornton2019/budget"), settings_file("thornton2019/mnist")
    wider = changed(adding, task={"length": 1000}, model={"t_max": 1000.0}, training={"steps": 10_000})
    longer = changed(mnist, training={"steps": 18_400, "evaluate_every": 920})
    fewer = cheaper("budget-0.001", than="forget-lstm", by=10)
    cheap = (solves("budget-0"), solves("budget-0.001"), sooner("budget-0", than="forget-lstm"), fewer)
    fewer = cheaper("budget-0.1", than="forget-lstm", by=10)
    seen = (accurate("budget-0", 0.9), accurate("budget-0.1", 0.9), fewer)
    if scale == "full":
        return (Question("adding", wider, cheap), Question("mnist", longer, seen))
    return (Question("adding", adding, cheap, wider), Question("mnist", mnist, seen, longer))


def curriculum(scale: Scale) -> tuple[Question, ...]:
    """Whether gates that open until the network is an LSTM solve adding after fewer steps than the LSTM.

    Paper: adding over 1,000 steps. Published: no number is known. A solution counts once all gates are open.

    Full: 1,000 steps; half an hour of a core a run.
    Small: 500 steps; six minutes of a core a run.

    Our guesses: the schedule.
    """
    small = settings_file("thornton2019/curriculum")
    full = changed(small, task={"length": 1000}, model={"t_max": 1000.0}, training={"steps": 10_000})
    claims = (solves("curriculum"), sooner("curriculum", than="forget-lstm"))
    return (Question("adding", full, claims) if scale == "full" else Question("adding", small, claims, full),)


ALL = experiments(SOURCE, budget, curriculum)
"""Its experiments."""
