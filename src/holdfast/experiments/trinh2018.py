"""Trinh, Dai, Luong & Le 2018: auxiliary losses let labels reach back over few steps. The settings stand in
experiments/trinh2018, in the files of `holdfast compare`.
"""

from holdfast.experiments.claims import accurate, better
from holdfast.experiments.experiment import changed, experiments, settings_file
from holdfast.experiments.question import Question, Scale

SOURCE = "trinh2018learning"
DIGITS = {
    "task": {"name": "digits"},
    "model": {"hidden_size": 32, "embedding_size": 32},
    "objective": {"length": 32, "label_truncation": 8, "truncation": 24, "pretraining": 300},
    "training": {"steps": 1000, "evaluate_every": 100, "report_every": 50},
}
"""What makes an experiment small: 64 steps, of which labels reach back over 8."""


def pictures(scale: Scale) -> tuple[Question, ...]:
    """Whether reconstruction and prediction make up for labels that reach back over 300 steps only.

    Paper: Table 2, test accuracy in percent; digits read off images of the table.

        model                        MNIST   pMNIST  CIFAR-10
        lstm                         98.3    89.4    58.8
        lstm, truncated to 300       11.3    88.8    49
        r-lstm, truncated to 300     96.4    92.8    65.9
        p-lstm, truncated to 300     95.4    92.5    64.7
        r-lstm                       98.4    95.2    72.2
        p-lstm                       98      92.8    67.6

    Full: 1,000 epochs after 100 of pretraining; three weeks of a core a run, half a day of a GPU (both estimated).
    Small: MNIST, two and a half epochs; half an hour of a core a run.

    Our guesses: forget bias 1, the width of the auxiliary network, a linear embedding, and how truncation acts.
    """
    claims = (better("r-lstm", than="truncated-lstm"), better("p-lstm", than="truncated-lstm"))
    if scale == "small":
        more = (accurate("r-lstm", 0.5), better("r-lstm", than="p-lstm"))
        return (Question("mnist", settings_file("trinh2018/mnist"), (*claims, *more), _table("mnist")),)
    return tuple(Question(task, _table(task), claims) for task in ("mnist", "permuted-mnist", "cifar10"))


def _table(task: str) -> dict:
    """The paper's settings for the models of Table 2, the same as those of its Figure 4."""
    models = {
        "lstm": {"name": "forget-lstm", "objective": {"name": "labels", "label_truncation": None}},
        "truncated-lstm": {"name": "forget-lstm", "objective": {"name": "labels"}},
        "r-lstm": {"name": "forget-lstm"},
        "p-lstm": {"name": "forget-lstm", "objective": {"name": "prediction"}},
        "full-r-lstm": {"name": "forget-lstm", "objective": {"label_truncation": None}},
        "full-p-lstm": {"name": "forget-lstm", "objective": {"name": "prediction", "label_truncation": None}},
    }
    settings = changed(settings_file("trinh2018/shrinking"), task={"name": task}, objective={"label_truncation": 300})
    return {**settings, "models": models}


def ablation(scale: Scale) -> tuple[Question, ...]:
    """Which parts of the r-LSTM matter, one factor off at a time.

    Paper: the ablation on CIFAR-10. Published: r-lstm, truncated to 300 65.9 %; lstm, truncated to 300 49 %; the other
    numbers are unknown, their order is: no joint training costs the most after no auxiliary loss.

    Full: CIFAR-10, 1,000 epochs after 100 of pretraining; three weeks of a core a run, half a day of a GPU (estimated).
    Small: digits, 64 steps; a minute of a core a run.

    Our guesses: those of experiments/trinh2018/ablation.yaml.
    """
    paper = settings_file("trinh2018/ablation")
    claims = tuple(
        better("full", than=other)
        for other in ("no-auxiliary-loss", "no-joint-training", "immediate-past", "no-future")
    )
    if scale == "full":
        return (Question("cifar10", paper, claims),)
    return (Question("digits", changed(paper, **DIGITS), claims, paper),)


def shrinking(scale: Scale) -> tuple[Question, ...]:
    """How few steps labels need to reach back over.

    Paper: Figure 4, CIFAR-10, read off the figure, in percent.

        labels reach back over     300    200    100     50      1      0 steps
        r-lstm                     65.9   63     60.7    57.6    46.3   37.3
        p-lstm                     64.7   62     60.5    58.8    47     34.6

    Full: 1,000 epochs after 100 of pretraining; three weeks of a core a run, half a day of a GPU (both estimated).
    Small: digits, labels over 64, 16, 4, 1 and 0 of 64 steps; a minute of a core a run.

    Our guesses: those of experiments/trinh2018/shrinking.yaml.
    """
    paper = settings_file("trinh2018/shrinking")
    if scale == "full":
        return (Question("cifar10", paper, (better("r-lstm-50", than="r-lstm-1"), accurate("r-lstm-0", 0.2))),)
    models = {
        f"r-lstm-{steps}": {"name": "forget-lstm", "objective": {"label_truncation": steps}}
        for steps in (64, 16, 4, 1, 0)
    }
    claims = (better("r-lstm-16", than="r-lstm-1"), better("r-lstm-1", than="r-lstm-0"), accurate("r-lstm-0", 0.2))
    return (Question("digits", {**changed(paper, **DIGITS), "models": models}, claims, paper),)


def spoken_digits(scale: Scale) -> tuple[Question, ...]:
    """What auxiliary losses save where sequences are long: raw spoken digits of up to 18,262 samples.

    Paper: none; the recordings are ours to add. Published: nothing.

    Small and full: ten epochs; four minutes of a core a run for the truncated LSTMs, 11 for the others.
    """
    del scale  # there is one
    claims = (
        better("r-lstm", than="truncated-lstm"),
        better("r-chrono-lstm", than="truncated-chrono-lstm"),
        better("truncated-chrono-lstm", than="truncated-lstm"),
    )
    return (Question("fsdd", settings_file("trinh2018/fsdd"), claims),)


ALL = experiments(SOURCE, pictures, ablation, shrinking, spoken_digits)
"""Its experiments."""
