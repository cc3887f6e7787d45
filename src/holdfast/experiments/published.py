"""Numbers that papers report for the models and tasks of this library, each with its source.

Models and tasks are named as in the catalogue and on the command line. Accuracies are fractions, losses nats. A number
that was written down from memory of the paper and not checked against it says so (`recalled`), and whoever prints it
prints a mark beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Published:
    """One cell of a paper's table, or one statement of its text.

    Args:
        task: the task's name.
        model: the model's name in the catalogue, or what `taught` calls one that minimises something else than the
            task's own loss; "memoryless" for what can be had without memory.
        metric: "accuracy" (a fraction) or "loss".
        value: the number; None where the paper gives a figure or words, which stand in `outcome`.
        source: a key of the bibliography.
        where: the place in the source, or the paper that quotes it.
        spread: the standard deviation over runs, where given.
        split: "test" or "validation".
        settings: the task's settings under which it holds; a task of ours with other settings is another task.
        outcome: the result in words, where there is no number.
        note: what else a reader must know to compare.
        recalled: not checked against the source.
    """

    task: str
    model: str
    metric: str
    value: float | None
    source: str
    where: str
    spread: float | None = None
    split: str = "test"
    settings: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    note: str = ""
    recalled: bool = False


MNIST, PERMUTED, CIFAR10 = "mnist", "permuted-mnist", "cifar10"
PICTURES = (MNIST, PERMUTED, CIFAR10)
DOGS = "stanford-dogs"
TWENTY_SEGMENTS = "r-lstm, 20 segments of 30, truncated to 300"
"""Probably the dashed curve of Figure 3 of Trinh et al., which its legend names in another panel."""
ABLATION, HEADLINE = "ablation table", "headline table"
S4 = "quoted in Tables 6 and 12 of Gu et al. 2022 (S4)"


def _pictures(
    source: str, where: str, rows: Mapping[str, tuple[float | None, ...]], **common: Any
) -> Iterator[Published]:
    """Percentages on MNIST, permuted MNIST and CIFAR-10, in this order; None where the paper has none."""
    for model, percentages in rows.items():
        for task, percent in zip(PICTURES, percentages, strict=False):
            if percent is not None:
                # 96.96 / 100 as a decimal: round() keeps the paper's digits and no more.
                value = round(percent / 100, 6)
                yield Published(task, model, "accuracy", value, source, where, **common)


def _in_words(
    task: str, source: str, where: str, outcomes: Mapping[str, str], *, note: str = "", **common: Any
) -> Iterator[Published]:
    """What a paper says of models on a task without giving a number."""
    for model, outcome in outcomes.items():
        yield Published(task, model, "loss", None, source, where, outcome=outcome, note=note, **common)


def _copying(lag: int, **settings: Any) -> Mapping[str, Any]:
    return {"lag": lag, "convention": "tallec", "gap": "fixed", **settings}


def _gu() -> Iterator[Published]:
    source = "gu2020improving"
    yield from _pictures(source, S4, {"lstm": (98.9, 95.11, 63.01), "ur-lstm": (99.28, 96.96, 71.00)})
    yield from _pictures(source, S4, {"ur-gru": (99.27, 96.51, 74.4)}, note="probably with zoneout as well")
    zoneout = {"zoneout-ur-lstm": (99.21, 97.58, 74.34)}
    yield from _pictures(source, HEADLINE, zoneout, recalled=True)
    ablation = {
        "tied-lstm": (None, 94.77, 63.24),
        "tied-chrono-lstm": (None, 94.69, 65.60),
        "cumax-lstm": (None, 96.17, 67.78),
        "uniform-lstm": (None, 96.05, 67.63),
        "refine-lstm": (None, 95.84, 71.85),
        "om-lstm": (None, 93.98, 67.73),
        "or-lstm": (None, 96.40, 70.41),
        "um-lstm": (None, 95.50, 67.29),
        "ur-lstm": (None, 96.43, 71.05),
        "gru": (None, None, 71.30),
        "chrono-gru": (None, None, 64.61),
        "ur-gru": (None, None, 71.04),
    }
    unstable = {
        "tied-lstm": (PERMUTED, CIFAR10),
        "refine-lstm": (PERMUTED, CIFAR10),
        "om-lstm": (CIFAR10,),
        "um-lstm": (CIFAR10,),
        "gru": (CIFAR10,),
    }
    for entry in _pictures(source, ABLATION, ablation, split="validation", recalled=True):
        diverged = entry.task in unstable.get(entry.model, ())
        yield replace(entry, note="runs diverged at the best learning rate" if diverged else "")
    outcomes = {
        "ur-lstm": "solves it fast",
        "or-lstm": "solves it fast",
        "tied-lstm": "makes the least progress",
    }
    copying = {"lag": 480, "convention": "gu", "gap": "fixed"}
    common = {"source": source, "where": "text", "outcomes": outcomes, "recalled": True}
    yield from _in_words("copying", settings=copying, note="256 units, 10 000 steps", **common)
    adding = {"length": 2000, "convention": "arjovsky"}
    yield from _in_words("adding", settings=adding, note="256 units, 100 000 steps", **common)


def _tallec() -> Iterator[Published]:
    """Their plain LSTM starts with a forget bias of 1, which only its own lines say."""
    source, plain = "tallec2018can", "; its forget bias starts at 1"
    place = "text of the submission"
    yield from _pictures(source, place, {"lstm": (None, 95.4)}, split="validation", note="512 units" + plain)
    yield from _pictures(source, place, {"chrono-lstm": (None, 96.3)}, split="validation", note="512 units")
    for lag, memoryless in ((500, 0.0400), (2000, 0.01029)):
        settings, note = _copying(lag), "128 units, 60 000 steps"
        yield Published("copying", "memoryless", "loss", memoryless, source, "10 ln 8 / (T + 20)", settings=settings)
        chrono = {"chrono-lstm": "falls to about 0"}
        yield from _in_words("copying", source, "figure", chrono, settings=settings, note=note)
        lstm = {"lstm": "stays near chance"}
        yield from _in_words("copying", source, "figure", lstm, settings=settings, note=note + plain)
    variable = {
        500: {"chrono-lstm": "equal to the plain LSTM", "lstm": "equal to chrono initialisation"},
        1000: {"chrono-lstm": "far better than the plain LSTM"},
    }
    for lag, outcomes in variable.items():
        settings = _copying(lag, gap="per-sequence")
        yield from _in_words("copying", source, "figure", outcomes, settings=settings, note="128 units, 100 000 steps")
    for length, extent in ((200, ""), (750, ", 7 times")):
        settings = {"length": length, "convention": "arjovsky"}
        yield Published("adding", "memoryless", "loss", 0.167, source, "text", settings=settings)
        chrono = {"chrono-lstm": f"learns much faster than the plain LSTM{extent}"}
        yield from _in_words("adding", source, "figure", chrono, settings=settings, note="128 units")
        lstm = {"lstm": "learns much more slowly than with chrono initialisation"}
        yield from _in_words("adding", source, "figure", lstm, settings=settings, note="128 units" + plain)
    outcomes = {
        "gated-rnn": "zero loss for every warp",
        "leaky-rnn": "zero loss if the warp is uniform, clearly above zero if it varies",
        "rnn": "degrades as soon as warping is moderate",
    }
    for task in ("warping", "padding"):
        note = "64 units, warps up to 10 to 100 steps"
        yield from _in_words(task, source, "Figure 1", outcomes, settings={"length": 500}, note=note)


def _chandar() -> Iterator[Published]:
    source = "chandar2019towards"
    test = {
        "orthogonal-rnn": (None, 89.26),
        "irnn": (None, 86.13),
        "lstm": (None, 89.86),
        "chrono-lstm": (None, 88.43),
        "gru": (None, 92.39),
        "janet": (None, 91.94),
        "nru": (None, 95.38),
        "statistical-ru": (None, 92.49),
    }
    notes = {
        "irnn": "with layer normalisation",
        "lstm": "with peepholes",
        "chrono-lstm": "with peepholes",
        "janet": "with chrono initialisation",
    }
    for model, percentages in test.items():
        note = ", ".join(filter(None, ["about 165 000 parameters", notes.get(model)]))
        yield from _pictures(source, "pMNIST table", {model: percentages}, note=note, recalled=True)
    for lag in (100, 200):
        outcomes = {"nru": "solves it", "chrono-lstm": "solves it", "orthogonal-rnn": "does not solve it"}
        yield from _in_words(
            "copying",
            source,
            "figure",
            outcomes,
            settings=_copying(lag, convention="chandar"),
            note="about 23 500 parameters, up to 200 000 steps",
            recalled=True,
        )
    denoising = {"lag": 100, "convention": "chandar"}
    solved = {"nru": "solves it"}
    for lag in (100, 200):
        varied = _copying(lag, convention="chandar", gap="per-batch")
        yield from _in_words("copying", source, "figure", solved, settings=varied, recalled=True)
    yield from _in_words("denoising", source, "figure", solved, settings=denoising, recalled=True)


def _others() -> Iterator[Published]:
    yield from _pictures(
        "vanderwesthuizen2018unreasonable",
        "abstract",
        {"janet": (99.0, 92.5), "lstm": (98.5, 91.0)},
        note="128 units a layer (two on MNIST), mean of 10 runs; JANET with chrono initialisation",
    )
    quoted = "quoted by Li et al. 2018 (IndRNN)"
    trinh_too = "in Table 2 of Trinh et al. 2018"
    yield from _pictures("le2015simple", quoted, {"irnn": (95.0,)})
    yield from _pictures("le2015simple", f"quoted by Campos et al. 2018 and {trinh_too}", {"irnn": (97.0,)})
    yield from _pictures("le2015simple", f"{quoted} and {trinh_too}", {"irnn": (None, 82.0)})
    yield from _pictures("krueger2017zoneout", quoted, {"zoneout-lstm": (None, 93.1)}, note="100 units")
    yield from _pictures("arjovsky2016unitary", quoted, {"lstm": (98.2, 88.0)})
    trinh = {
        "lstm": (98.3, 89.4, 58.8),
        "r-lstm": (98.4, 95.2, 72.2),
        "p-lstm": (98.0, 92.8, 67.6),
    }
    attention = {"transformer": (98.9, 97.9, 62.2)}
    truncated = {
        "lstm, truncated to 300": (11.3, 88.8, 49.0),
        "r-lstm, truncated to 300": (96.4, 92.8, 65.9),
        "p-lstm, truncated to 300": (95.4, 92.5, 64.7),
    }
    yield from _pictures("trinh2018learning", "Table 2", trinh, note="full backpropagation")
    yield from _pictures("trinh2018learning", "Table 2", attention, note="mean of the outputs, as large as the LSTMs")
    for task, outcome in zip(PICTURES, ("better than", "a little worse than", "better than"), strict=True):
        words = {"t-dmca": f"{outcome} the Transformer"}
        yield from _in_words(task, "trinh2018learning", "text", words)
    yield from _pictures("trinh2018learning", "Table 2", truncated, note="1 000 epochs after 100 of pretraining")
    yield from _pictures("cooijmans2017recurrent", "quoted by Campos et al. 2018", {"lstm": (98.9,)})
    yield from _pictures("le2015simple", "quoted by Campos et al. 2018", {"rnn": (35.0,)}, note="tanh")


def _shrinking() -> Iterator[Published]:
    """Accuracies on CIFAR-10 over the steps that labels reach back."""
    rows = {"r-lstm": (63.0, 60.7, 57.6, 46.3, 37.3), "p-lstm": (62.0, 60.5, 58.8, 47.0, 34.6)}
    for model, percentages in rows.items():
        for steps, percent in zip((200, 100, 50, 1, 0), percentages, strict=True):
            reaching = f"{model}, truncated to {steps}"
            yield from _pictures("trinh2018learning", "read off Figure 4", {reaching: (None, None, percent)})


def _dogs() -> Iterator[Published]:
    """Accuracies over the size of the photographs."""
    note = "150 000 pictures to learn from, made in a way that is not known"
    guessed = "; that the dashed curve is this model is a guess"
    rows = {
        "lstm": (3.8, 3.0, 2.2, 1.5, 1.9, 1.1, 1.1, None),
        "r-lstm, truncated to 300": (6.8, 6.3, 5.8, 5.0, 4.9, 4.1, 3.4, 3.7),
        "p-lstm, truncated to 300": (6.5, 6.8, 5.8, 6.5, 4.2, 4.6, 3.0, 2.1),
        TWENTY_SEGMENTS: (10.4, 9.8, 9.0, 8.9, 8.2, 7.3, 5.1, 4.9),
        "transformer": (11.8, 10.3, 6.8, 4.4, 2.9, 2.0, None, None),
    }
    for model, percentages in rows.items():
        for side, percent in zip((40, 48, 56, 72, 80, 96, 112, 128), percentages, strict=True):
            if percent is not None:
                value, size = round(percent / 100, 6), {"side": side}
                known = note + guessed * (model == TWENTY_SEGMENTS)
                where = "read off Figure 3"
                yield Published(DOGS, model, "accuracy", value, "trinh2018learning", where, settings=size, note=known)


def _campos() -> Iterator[Published]:
    """110 units, 4 runs; a price of updates is for a sequence."""
    source, note = "campos2018skip", "110 units, 4 runs"
    low, high = "{}, budget 1e-05 a sequence".format, "{}, budget 0.0001 a sequence".format
    pictures = {
        "lstm": (0.910, 0.045),
        "gru": (0.968, 0.013),
        high("skip-lstm"): (0.973, 0.002),
        high("skip-gru"): (0.976, 0.003),
    }
    for model, (accuracy, spread) in pictures.items():
        yield Published(MNIST, model, "accuracy", accuracy, source, "MNIST table", spread=spread, note=note)
    outcomes = {
        "lstm": "solves it",
        "gru": "solves it",
        "skip-lstm": "solves it with 81.1 ± 3.6 % of the updates",
        "skip-gru": "solves it with 97.9 ± 3.2 % of the updates",
        low("skip-lstm"): "solves it with 53.9 ± 2.1 % of the updates",
        low("skip-gru"): "solves it with 50.7 ± 2.6 % of the updates",
    }
    settings = {"length": 50, "convention": "campos"}
    yield from _in_words("adding", source, "adding table", outcomes, settings=settings, note=note)


def _orthogonal() -> Iterator[Published]:
    yield from _pictures(
        "li2018independently", "error table", {"indrnn": (99.0, 96.0)}, note="6 layers, batch normalisation"
    )
    yield from _pictures(
        "arjovsky2016unitary", "quoted by Li et al. 2018 (IndRNN)", {"urnn": (95.1, 91.4)}, note="512 complex units"
    )
    yield from _pictures("lezcano2019cheap", S4, {"exprnn": (98.7, 96.6)}, note="512 units")
    yield from _pictures("jing2017tunable", "pMNIST table", {"eurnn": (None, 93.7)}, recalled=True)
    yield from _pictures("chandar2019towards", "pMNIST table", {"goru": (None, 87.0)}, recalled=True)


def _oscillators() -> Iterator[Published]:
    readme, logs = "readme of the authors' code", "logs of the authors' code"
    yield from _pictures("rusch2021coupled", readme, {"cornn": (99.4, 97.3)}, note="256 units")
    yield from _pictures("rusch2021unicornn", readme, {"unicornn": (None, 98.4)}, note="3 layers of 256 units")
    yield from _pictures("rusch2022long", logs, {"lem": (99.45, 96.62)}, note="128 units")
    yield from _pictures(
        "voelker2019legendre", S4, {"lmu": (None, 97.15)}, note="212 units, memory of 256 over 784 steps"
    )


def _multi_scale() -> Iterator[Published]:
    rows = {"dilated-rnn": (98.0, 96.1), "dilated-gru": (99.0, 94.6)}
    yield from _pictures("chang2017dilated", S4, rows, note="9 layers of 20 units")


def _convolutions() -> Iterator[Published]:
    yield from _pictures("bai2018empirical", S4, {"tcn": (99.0, 97.2)})
    yield from _pictures("bai2019trellis", S4, {"trellisnet": (99.20, 98.13, 73.42)})


def _linear() -> Iterator[Published]:
    lru, note = {"lru": (None, None, 89.0)}, "stacked, in colour"
    yield from _pictures("orvieto2023resurrecting", "long-range table", lru, note=note, recalled=True)
    xlstm = {"slstm": (None, None, 76.1), "mlstm": (None, None, 76.1)}
    note = "an xLSTM; which of its two layers is not known here"
    yield from _pictures("beck2024xlstm", "long-range table", xlstm, note=note, recalled=True)


PUBLISHED: tuple[Published, ...] = (
    *(*_gu(), *_tallec(), *_chandar(), *_others(), *_shrinking(), *_dogs(), *_campos()),
    *(*_orthogonal(), *_oscillators(), *_multi_scale(), *_convolutions(), *_linear()),
)
"""All of them."""
