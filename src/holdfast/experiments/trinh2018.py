"""Trinh, Dai, Luong & Le 2018: auxiliary losses let labels reach back over few steps. The settings stand in
experiments/trinh2018, in the files of `holdfast compare`.
"""

from holdfast.experiments.claims import accurate, better
from holdfast.experiments.experiment import changed, experiments, settings_file
from holdfast.experiments.published import TWENTY_SEGMENTS
from holdfast.experiments.question import Question, Scale

SOURCE = "trinh2018learning"
DIGITS = {
    "task": {"name": "digits"},
    "model": {"hidden_size": 32, "embedding_size": 32},
    "objective": {"length": 32, "label_truncation": 8, "truncation": 24, "pretraining": 300},
    "training": {"steps": 1000, "evaluate_every": 100, "report_every": 50},
}
"""What makes an experiment small: 64 steps, of which labels reach back over 8."""
TRANSFORMER = {"objective": {"name": "labels", "label_truncation": None}}


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
        transformer                  98.9    97.9    62.2

    Full: 1,000 epochs after 100 of pretraining; three weeks of a core a run, half a day of a GPU (both estimated).
    Small: MNIST, two and a half epochs; half an hour to an hour of a core a run.

    Our guesses: forget bias 1, or PyTorch's 0; the width of the auxiliary network, a linear embedding, how truncation
    acts, and that the Transformer, two layers of four heads, is trained as the LSTMs are. Models without an auxiliary
    loss have labels for the 1,100 epochs that the others have in all, where the paper's have 1,000.
    """
    claims = (better("r-lstm", than="truncated-lstm"), better("p-lstm", than="truncated-lstm"))
    if scale == "small":
        far = (better(f"{name}-bias-0", than="truncated-lstm-bias-0", by=0.2) for name in ("r-lstm", "p-lstm"))
        more = (accurate("r-lstm", 0.5), better("r-lstm", than="p-lstm"), *far)
        return (Question("mnist", settings_file("trinh2018/mnist"), (*claims, *more), _table("mnist")),)
    more = (better("full-r-lstm", than="lstm"), better("transformer", than="lstm"))
    return tuple(Question(task, _table(task), (*claims, *more)) for task in ("mnist", "permuted-mnist", "cifar10"))


def _table(task: str) -> dict:
    """The paper's settings for the models of Table 2, the same as those of its Figure 4."""
    models = {
        "lstm": {"name": "forget-lstm", "objective": {"name": "labels", "label_truncation": None}},
        "truncated-lstm": {"name": "forget-lstm", "objective": {"name": "labels"}},
        "r-lstm": {"name": "forget-lstm"},
        "p-lstm": {"name": "forget-lstm", "objective": {"name": "prediction"}},
        "full-r-lstm": {"name": "forget-lstm", "objective": {"label_truncation": None}},
        "full-p-lstm": {"name": "forget-lstm", "objective": {"name": "prediction", "label_truncation": None}},
        "transformer": TRANSFORMER,
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
    short = {"many-short-segments": {"objective": {"segments": 4, "length": 8}}}  # as much in all as the others say
    return (Question("digits", changed(paper, **DIGITS, models=short), claims, paper),)


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


def segments(scale: Scale) -> tuple[Question, ...]:
    """Into how many segments what is to be said again is best cut.

    Paper: a table on CIFAR-10, n segments of 600 / n pixels. Published: no number is known; 20 segments do best, many
    tiny ones a little better than one long, and with 20 labels that reach back over 1 step or none gain the most.

    Full: 1,000 epochs after 100 of pretraining; three weeks of a core a run, half a day of a GPU (both estimated).
    Small: digits, 32 pixels in 1 to 16 segments; a minute of a core a run, three of a GPU (both estimated).

    Our guesses: the numbers of segments but 1 and 20, and those of experiments/trinh2018/shrinking.yaml.
    """
    paper = changed(settings_file("trinh2018/shrinking"), objective={"label_truncation": 300})
    few = {f"20-labels-{steps}": _cut(20, 600, label_truncation=steps) for steps in (1, 0)}
    paper = {**paper, "models": {str(n): _cut(n, 600) for n in (1, 2, 5, 10, 20, 50, 100)} | few}
    aliases = {label: f"r-lstm, {label}" for label in few}
    if scale == "full":
        claims = (better("20", than="1"), better("20", than="100"))
        return (Question("cifar10", paper, claims, aliases=aliases),)
    ours = {**changed(paper, **DIGITS), "models": {str(n): _cut(n, 32) for n in (1, 2, 4, 8, 16)}}
    return (Question("digits", ours, (better("4", than="1"), better("4", than="16")), paper),)


def _cut(segments: int, pixels: int, **objective: int) -> dict:
    """An LSTM that says so many pixels again in so many segments."""
    return {"name": "forget-lstm", "objective": {"segments": segments, "length": pixels // segments, **objective}}


def lengths(scale: Scale) -> tuple[Question, ...]:
    """Who can still learn from photographs of dogs as they become larger, a pixel a step.

    Paper: Figure 3, Stanford Dogs, read off the figure, in percent; chance is 0.83. The authors had 150,000 pictures to
    learn from, and how they made them is not known: ours are the 10,800 photographs that do not validate.

        steps                          1,600  2,304  3,136  5,184  6,400  9,216  12,544  16,384
        lstm                           3.8    3      2.2    1.5    1.9    1.1    1.1     no room
        r-lstm, truncated to 300       6.8    6.3    5.8    5      4.9    4.1    3.4     3.7
        p-lstm, truncated to 300       6.5    6.8    5.8    6.5    4.2    4.6    3       2.1
        r-lstm with 20 segments of 30  10.4   9.8    9      8.9    8.2    7.3    5.1     4.9
        transformer                    11.8   10.3   6.8    4.4    2.9    2      no room no room

    Full: 100 epochs after 20 of pretraining; 17 hours to five days of a core a run, half an hour to three of a GPU
    (all estimated).
    Small: 576 steps, five epochs; half an hour of a core a run, a quarter of one of a GPU (both estimated).

    Our guesses: what Table 2 leaves open, the pictures, and that the dashed curve of the figure is 20 segments of 30.
    Models without an auxiliary loss have labels for 120 epochs, where the paper's have 100.
    """
    if scale == "full":
        return tuple(_dogs(side) for side in (40, 48, 56, 72, 80, 96, 112, 128))
    paper = _dogs(40)
    ours = changed(
        paper.settings,
        task={"side": 24},
        objective={"length": 200, "pretraining": 340, "truth_steps": 1000},
        training={"steps": 2030, "batch_size": 32, "evaluate_every": 340},
    )
    claims = (better("r-lstm", than="lstm"), better("p-lstm", than="lstm"))
    return (Question("side-24", ours, claims, paper.settings, aliases=paper.aliases),)


def _dogs(side: int) -> Question:
    """One length of Figure 3, without the models for which the authors had no room."""
    models = {
        "lstm": {"name": "forget-lstm", "objective": {"name": "labels", "label_truncation": None}},
        "r-lstm": {"name": "forget-lstm"},
        "p-lstm": {"name": "forget-lstm", "objective": {"name": "prediction"}},
        "r-lstm-20x30": _cut(20, 600),
        "transformer": TRANSFORMER,
    }
    no_room = {"lstm": side > 112, "transformer": side > 96}
    settings = changed(
        settings_file("trinh2018/shrinking"),
        task={"name": "stanford-dogs", "side": side},
        objective={"label_truncation": 300, "pretraining": 1700},
        training={"steps": 10_200, "evaluate_every": 850, "report_every": 85},
    )
    first, second = ("transformer", "r-lstm-20x30") if side < 56 else ("r-lstm-20x30", "transformer")
    claims = (better("r-lstm", than="lstm"), better("p-lstm", than="lstm"), better(first, than=second))
    told = tuple(claim for claim in claims if not any(no_room.get(model) for model in claim.models))
    asked = {label: options for label, options in models.items() if not no_room.get(label)}
    return Question(f"side-{side}", {**settings, "models": asked}, told, aliases={"r-lstm-20x30": TWENTY_SEGMENTS})


def texts(scale: Scale) -> tuple[Question, ...]:
    """Whether what helps with pixels helps with characters, beside the older ways to learn from text without labels.

    Paper: a table on DBpedia by characters. Published: no number is known; with truncation the r-lstm and the p-lstm
    beat the lstm by a wide margin, and the LM-LSTM and the SA-LSTM of Dai & Le 2015 too.

    Full: one epoch of pretraining, four of labels alone; six hours of a core a run, half an hour of a GPU (estimated).
    Small: 20,000 texts, three epochs; ten minutes of a core a run, five of a GPU (both estimated).

    Our guesses: the steps that labels reach back over, the lengths of segments, the number of epochs.
    """
    models = {
        "lstm": {"name": "forget-lstm", "objective": {"name": "labels", "label_truncation": None}},
        "truncated-lstm": {"name": "forget-lstm", "objective": {"name": "labels"}},
        "r-lstm": {"name": "forget-lstm"},
        "r-lstm-20-segments": _cut(20, 300),
        "p-lstm": {"name": "forget-lstm", "objective": {"name": "prediction"}},
        "lm-lstm": {"name": "forget-lstm", "objective": {"name": "autoregression"}},
        "sa-lstm": {"name": "forget-lstm", "objective": {"name": "autoencoder"}},
    }
    reach = {"label_truncation": 100, "truncation": 100, "length": 100}
    paper = changed(
        {**settings_file("trinh2018/shrinking"), "task": {"name": "dbpedia"}, "models": models},
        objective={**reach, "pretraining": 3938, "afterwards": "fine-tuning"},
        training={"steps": 19_690, "evaluate_every": 985, "report_every": 100},
    )
    rivals = ("truncated-lstm", "lm-lstm", "sa-lstm")
    claims = (*(better("r-lstm", than=other) for other in rivals), better("p-lstm", than="truncated-lstm"))
    if scale == "full":
        return (Question("dbpedia", paper, claims),)
    ours = changed(
        paper,
        task={"train_examples": 20_000, "validation_examples": 2000},
        objective={"pretraining": 600, "truth_steps": 1000},
        training={"steps": 1875, "batch_size": 32, "evaluate_every": 300, "report_every": 50},
    )
    return (Question("dbpedia", ours, claims, paper),)


def spoken_digits(scale: Scale) -> tuple[Question, ...]:
    """What auxiliary losses cost and bring where sequences are long: raw spoken digits of up to 18,262 samples.

    Paper: none; the recordings are ours to add. Published: nothing. Chance is 10 %, and 300 recordings are tested, so
    that a lead of a few per cent says nothing. An r-LSTM whose eight anchors have 600 steps each takes more memory than
    an LSTM whose labels reach back over everything, with recomputation.

    Small and full: ten epochs; four minutes of a core a run for the truncated LSTMs, 11 to 32 for the others; some ten
    minutes of a GPU a run (estimated).
    """
    del scale  # there is one
    claims = (
        better("r-lstm", than="truncated-lstm"),
        better("r-chrono-lstm", than="truncated-chrono-lstm"),
        better("truncated-chrono-lstm", than="truncated-lstm"),
        accurate("r-lstm", 0.2),
        accurate("r-chrono-lstm", 0.2),
        accurate("full-chrono-lstm", 0.2),
    )
    return (Question("fsdd", settings_file("trinh2018/fsdd"), claims),)


ALL = experiments(SOURCE, pictures, ablation, shrinking, segments, lengths, texts, spoken_digits)
"""Its experiments."""
