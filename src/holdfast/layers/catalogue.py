"""The catalogue: every layer that has a name."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from holdfast import cells
from holdfast.cells import Cumax, Gate, Master, Memory, Refine, Sigmoid, Tied
from holdfast.initialisers import Chrono, ForgetBias, IdentityRecurrence, Initialiser, OrthogonalRecurrence, UniformGate
from holdfast.layers.drop_in import GRU, LSTM, RNN
from holdfast.layers.recurrent import Recurrent

BUILT_IN = ("input_size", "hidden_size", "device", "dtype")


@dataclass(frozen=True)
class Entry:
    """A named layer: a cell, the choices that make it what it is, and how it starts.

    Args:
        name: what `make` and the command line call it.
        group: the family under which it is listed.
        summary: what it is, in a line.
        cell: the cell's class.
        sources: keys of the bibliography.
        layer: the layer's class; a drop-in where `torch.nn` has the layer too.
        choices: arguments of the cell that the name fixes.
        initialiser: makes the initialiser from options of its own, such as `t_max`; None for the cell's own.
    """

    name: str
    group: str
    summary: str
    cell: type[cells.Cell]
    sources: tuple[str, ...]
    layer: type[Recurrent] = Recurrent
    choices: Mapping[str, Any] = field(default_factory=dict)
    initialiser: Callable[..., Initialiser] | None = None

    def cell_options(self) -> dict[str, inspect.Parameter]:
        """Arguments of the cell that are left to the user; of a drop-in, those that it has in common with its cell."""
        own = arguments(self.cell, without=(*BUILT_IN, *self.choices))
        taken = own if self.layer is Recurrent else arguments(self.layer)
        return {name: option for name, option in own.items() if name in taken}

    def initialiser_options(self) -> dict[str, inspect.Parameter]:
        """Arguments of the initialiser."""
        return {} if self.initialiser is None else arguments(self.initialiser)

    def layer_options(self) -> dict[str, inspect.Parameter]:
        """Arguments of the layer, whichever the cell."""
        return arguments(Recurrent, without=("cell", "input_size", "hidden_size"))

    def options(self) -> dict[str, inspect.Parameter]:
        """Every option of `make` for this name, with its type and default."""
        return self.cell_options() | self.initialiser_options() | self.layer_options()

    def parts(self) -> dict[str, str]:
        """The docstrings that together define the layer, by what they describe: cell, gate, memory, initialisation."""
        chosen = {name: value for name, value in self.choices.items() if isinstance(value, Gate | Memory)}
        described: dict[str, Any] = {"cell": self.cell} | {name: type(value) for name, value in chosen.items()}
        primary = getattr(chosen.get("gate"), "primary", None)
        if primary is not None:
            described["primary gate"] = type(primary)
        if self.initialiser is not None:
            described["initialisation"] = getattr(self.initialiser, "func", self.initialiser)
        return {name: inspect.getdoc(part) or "" for name, part in described.items()}

    def build(self, input_size: int, hidden_size: int, **options: Any) -> Recurrent:
        """The layer.

        Raises:
            ValueError: an unknown option, or one that is missing.
        """
        self._check(options)
        cell = {name: options.pop(name) for name in self.cell_options() if name in options}
        own = {name: options.pop(name) for name in self.initialiser_options() if name in options}
        if self.initialiser is not None and "initialiser" not in options:
            options["initialiser"] = self.initialiser(**own)
        if self.layer is Recurrent:
            return Recurrent(partial(self.cell, **self.choices, **cell), input_size, hidden_size, **options)
        drop_in: Any = self.layer  # takes the cell's options itself, and brings its own cell
        return drop_in(input_size, hidden_size, **self.choices, **cell, **options)

    def _check(self, options: Mapping[str, Any]) -> None:
        known = self.options()
        for option in options:
            if option not in known:
                raise ValueError(f"'{self.name}' has no option '{option}'{suggestion(option, known)}")
        missing = [n for n, p in self.initialiser_options().items() if p.default is p.empty and n not in options]
        if missing and "initialiser" not in options:
            raise ValueError(
                f"'{self.name}' needs {' and '.join(missing)}: pass it to make, or as --model.{missing[0]} on the "
                f"command line; for chrono initialisation it is the longest dependency of the task in steps"
            )


def arguments(function: Callable[..., Any], without: tuple[str, ...] = ()) -> dict[str, inspect.Parameter]:
    """The named arguments of `function`."""
    found = inspect.signature(function).parameters.values()
    return {p.name: p for p in found if p.name not in without and p.kind is not p.VAR_KEYWORD}


def suggestion(name: str, known: Mapping[str, Any]) -> str:
    """What to say of a name that is not known: the nearest that is, or all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(known)}"


def tied(name: str, row: str, gate: Gate, initialiser: Callable[..., Initialiser] | None = None) -> Entry:
    """A row of the ablation of Gu et al.: an LSTM with a tied input gate."""
    choices = {"gate": gate, "memory": Tied()}
    return Entry(name, "gates", row, cells.GatedLSTM, ("gu2020improving",), choices=choices, initialiser=initialiser)


RELU = {"nonlinearity": "relu", "normalisation": "none"}
RELU_NORMALISED = {"nonlinearity": "relu", "normalisation": "layer"}
RELU_GAIN = 2**0.5
LSTM_SOURCES = ("hochreiter1997long", "gers2000learning")
PEEPHOLE_SOURCES = ("gers2002learning", "graves2013generating")
JANET_SOURCES = ("vanderwesthuizen2018unreasonable",)
TALLEC = ("tallec2018can",)
CHO = ("cho2014learning",)

ENTRIES = (
    Entry("rnn", "plain", "torch.nn.RNN: Elman's network, tanh", cells.RNN, ("elman1990finding",), RNN),
    Entry(
        "irnn",
        "plain",
        "ReLU network that starts as the identity",
        cells.RNN,
        ("le2015simple",),
        choices=RELU,
        initialiser=IdentityRecurrence,
    ),
    Entry(
        "orthogonal-rnn",
        "plain",
        "ReLU network that starts orthogonal, with layer normalisation",
        cells.RNN,
        ("chandar2019towards", "saxe2014exact"),
        choices=RELU_NORMALISED,
        initialiser=partial(OrthogonalRecurrence, gain=RELU_GAIN),
    ),
    Entry("leaky-rnn", "plain", "leaky integrators with learnt time scales", cells.LeakyRNN, TALLEC),
    Entry("gated-rnn", "gates", "one gate a unit", cells.GatedRNN, TALLEC),
    Entry("lstm", "gates", "torch.nn.LSTM", cells.LSTM, LSTM_SOURCES, LSTM),
    Entry(
        "forget-lstm", "gates", "LSTM with forget bias 1", cells.LSTM, LSTM_SOURCES[1:], LSTM, initialiser=ForgetBias
    ),
    Entry("chrono-lstm", "gates", "LSTM with chrono initialisation", cells.LSTM, TALLEC, LSTM, initialiser=Chrono),
    Entry(
        "peephole-lstm",
        "gates",
        "LSTM whose gates see the memory, forget bias 1",
        cells.PeepholeLSTM,
        PEEPHOLE_SOURCES,
        initialiser=ForgetBias,
    ),
    Entry("gru", "gates", "torch.nn.GRU", cells.GRU, CHO, GRU),
    Entry("chrono-gru", "gates", "GRU with chrono initialisation", cells.GRU, TALLEC, GRU, initialiser=Chrono),
    Entry(
        "reset-before-gru",
        "gates",
        "GRU as published: reset before the recurrent product",
        cells.GatedGRU,
        CHO,
        choices={"gate": Sigmoid()},
    ),
    tied("tied-lstm", "tied LSTM with forget bias 1: row - of Gu et al.", Sigmoid(), ForgetBias),
    tied("tied-chrono-lstm", "tied LSTM with chrono initialisation: row C-", Sigmoid(), Chrono),
    tied("cumax-lstm", "tied LSTM with a cumax gate: row O-", Cumax()),
    tied("uniform-lstm", "tied LSTM with uniform gate initialisation: row U-", Sigmoid(), UniformGate),
    tied("refine-lstm", "tied LSTM with a refine gate, forget bias 1: row R-", Refine(), ForgetBias),
    tied("om-lstm", "tied LSTM with a cumax master gate: row OM", Master(Cumax())),
    tied("or-lstm", "tied LSTM with a refined cumax gate: row OR", Refine(Cumax())),
    tied("um-lstm", "tied LSTM with a uniform master gate: row UM", Master(), UniformGate),
    tied("ur-lstm", "tied LSTM with a refine gate and uniform gate initialisation: row UR", Refine(), UniformGate),
    Entry(
        "ur-gru",
        "gates",
        "GRU with a refine gate and uniform gate initialisation",
        cells.GatedGRU,
        ("gu2020improving",),
        choices={"gate": Refine()},
        initialiser=UniformGate,
    ),
    Entry("janet", "gates", "LSTM with only a forget gate", cells.JANET, JANET_SOURCES),
    Entry(
        "chrono-janet",
        "gates",
        "JANET with chrono initialisation",
        cells.JANET,
        JANET_SOURCES + TALLEC,
        initialiser=Chrono,
    ),
    Entry("on-lstm", "gates", "ordered neurons: master gates split the units", cells.ONLSTM, ("shen2019ordered",)),
    Entry("nru", "memory", "heads add to a memory without saturating gates", cells.NRU, ("chandar2019towards",)),
)
CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in ENTRIES}


def lookup(name: str) -> Entry:
    """The entry of that name.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    if name not in CATALOGUE:
        raise ValueError(f"there is no model '{name}'{suggestion(name, CATALOGUE)}")
    return CATALOGUE[name]


def make(name: str, input_size: int, hidden_size: int, **options: Any) -> Recurrent:
    """The layer of the catalogue with that name.

        layer = holdfast.make("chrono-lstm", 10, 128, t_max=500, num_layers=2)

    Args:
        name: a name of the catalogue; `holdfast list models` shows them.
        input_size: features of an input step.
        hidden_size: units.
        options: those of the cell (`memory_size` of the NRU), of its initialiser (`t_max` of chrono), of `Recurrent`.

    Raises:
        ValueError: an unknown name or option, or a missing one.
    """
    return lookup(name).build(input_size, hidden_size, **options)
