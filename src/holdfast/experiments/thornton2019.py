"""Thornton, Anumula & Liu 2019: LSTMs whose units are updated around one time each.

Only the abstract could be read: "10 times fewer computes and more" with a budget, and a curriculum that "speeds the
convergence of the equivalent LSTM". No number of theirs is known, and all settings are ours.
"""

from holdfast.experiments.claims import accurate, better, cheaper, solves, sooner
from holdfast.experiments.experiment import changed, experiments, settings_file
from holdfast.experiments.question import Question, Scale, Settings

SOURCE = "thornton2019reducing"


def budget(scale: Scale) -> tuple[Question, ...]:
    """What a price on updates buys: how few of them solve adding, and what fewer cost on pixels.

    Paper: adding over 1,000 and 2,000 steps, MNIST and CIFAR-10 pixel by pixel. Published: no number is known. Openness
    and operations stand in the records; `holdfast saving` measures the time that a run saves at inference.

    Full: adding over 1,000 and 2,000 steps, half an hour of a core a run and an hour, one and a half of a GPU and
    three; MNIST and CIFAR-10 for 20 epochs, one and two hours of a core a run, two of a GPU (for 2,000 steps, CIFAR-10
    and any GPU estimated).
    Small: adding over 500 steps, five minutes of a core a run, 17 of a GPU; MNIST, two epochs, seven minutes of a core
    a run, 13 of a GPU (any GPU estimated).

    Our guesses: the form of the price, widths, rates, steps of training.
    """
    adding, mnist = settings_file("thornton2019/budget"), settings_file("thornton2019/mnist")
    wider, widest = _over(1000, adding), _over(2000, adding)
    longer = changed(mnist, training={"steps": 18_400, "evaluate_every": 920})
    colour = changed(longer, task={"name": "cifar10"}, model={"t_max": 1024.0}, training={"steps": 15_300})
    cheap = (
        solves("budget-0"),
        solves("budget-0.001"),
        sooner("budget-0", than="forget-lstm"),
        cheaper("budget-0.001", than="forget-lstm", by=10),
    )
    fewer = cheaper("budget-0.1", than="forget-lstm", by=10)
    seen = (accurate("budget-0", 0.9), accurate("budget-0.1", 0.9), fewer)
    if scale == "small":
        return (Question("adding", adding, cheap, wider), Question("mnist", mnist, seen, longer))
    return (
        Question("adding", wider, cheap),
        Question("adding-2000", widest, cheap),
        Question("mnist", longer, seen),
        Question("cifar10", colour, (better("budget-0", than="forget-lstm"), fewer)),
    )


def curriculum(scale: Scale) -> tuple[Question, ...]:
    """Whether gates that open until the network is an LSTM solve adding after fewer steps than the LSTM.

    Paper: adding over 1,000 and 2,000 steps. Published: no number is known. A solution counts once all gates are open.

    Full: 1,000 and 2,000 steps; half an hour of a core a run and an hour, one and a half of a GPU and three (for 2,000
    steps and any GPU estimated).
    Small: 500 steps; 12 minutes of a core a run, 40 of a GPU (estimated).

    Our guesses: the schedule.
    """
    small = settings_file("thornton2019/curriculum")
    full = _over(1000, small)
    claims = (solves("curriculum"), sooner("curriculum", than="forget-lstm"))
    if scale == "full":
        return (Question("adding", full, claims), Question("adding-2000", _over(2000, small), claims))
    return (Question("adding", small, claims, full),)


def _over(length: int, adding: Settings) -> Settings:
    """Adding over so many steps."""
    return changed(adding, task={"length": length}, model={"t_max": float(length)}, training={"steps": 10_000})


ALL = experiments(SOURCE, budget, curriculum)
"""Its experiments."""
