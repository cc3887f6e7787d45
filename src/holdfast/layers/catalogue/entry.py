"""What stands behind a name of the catalogue: a cell, the choices that make it what it is, and how it starts."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from holdfast import cells
from holdfast.cells import Gate, Memory
from holdfast.initialisers import Initialiser
from holdfast.layers.recurrent import Recurrent
from holdfast.spelling import did_you_mean

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
        initialiser: makes the initialiser, or several that are applied in order, from options of its own, such as
            `t_max`; None for the cell's own.
        base: the entry whose cell this one modifies, where it is one of a modifier; None else.
    """

    name: str
    group: str
    summary: str
    cell: type[cells.Cell]
    sources: tuple[str, ...]
    layer: type[Recurrent] = Recurrent
    choices: Mapping[str, Any] = field(default_factory=dict)
    initialiser: Callable[..., Initialiser | Iterable[Initialiser]] | None = None
    base: "Entry | None" = None

    def cell_options(self) -> dict[str, inspect.Parameter]:
        """Arguments of the cell that are left to the user; of a drop-in, those that it has in common with its cell."""
        if self.base is not None:
            return self.base.cell_options() | arguments(self.cell, without=(*BUILT_IN, *self.choices, "cell"))
        own = arguments(self.cell, without=(*BUILT_IN, *self.choices))
        taken = own if self.layer is Recurrent else arguments(self.layer)
        return {name: option for name, option in own.items() if name in taken}

    def initialiser_options(self) -> dict[str, inspect.Parameter]:
        """Arguments of the initialiser."""
        return {} if self.initialiser is None else arguments(self.initialiser)

    def layer_options(self) -> dict[str, inspect.Parameter]:
        """Arguments of the layer, whichever the cell."""
        return arguments(Recurrent, without=("cell", "input_size", "hidden_size"))

    def required(self) -> list[str]:
        """Options without a default."""
        return [name for name, option in self.options().items() if option.default is option.empty]

    def options(self) -> dict[str, inspect.Parameter]:
        """Every option of `make` for this name, with its type and default."""
        return self.cell_options() | self.initialiser_options() | self.layer_options()

    @property
    def step(self) -> str:
        """What tells its steps from those of others: the cell and its choices, within each other."""
        return f"{self.cell.__name__} {dict(self.choices)}" + ("" if self.base is None else f" of {self.base.step}")

    def cell_classes(self) -> list[type[cells.Cell]]:
        """Its cell's class, and those of the cells that are modified."""
        return [self.cell] + ([] if self.base is None else self.base.cell_classes())

    def make_cell(self, **options: Any) -> Callable[..., cells.Cell]:
        """What makes its cell, as `Recurrent` takes it, from options of the cell."""
        if self.base is None:
            return partial(self.cell, **self.choices, **options)
        inner = {name: options.pop(name) for name in self.base.cell_options() if name in options}
        return partial(self.cell, cell=self.base.make_cell(**inner), **self.choices, **options)

    def parts(self) -> dict[str, str]:
        """The docstrings that together define the layer, by what they describe: cell, gate, memory, initialisation."""
        if self.base is not None:
            return {"cell": inspect.getdoc(self.cell) or ""} | {
                "modified cell" if name == "cell" else name: text for name, text in self.base.parts().items()
            }
        chosen = {name: value for name, value in self.choices.items() if isinstance(value, Gate | Memory)}
        described: dict[str, Any] = {"cell": self.cell} | {name: type(value) for name, value in chosen.items()}
        primary = getattr(chosen.get("gate"), "primary", None)
        if primary is not None:
            described["primary gate"] = type(primary)
        if isinstance(self.choices.get("cell"), type):
            described["modified cell"] = self.choices["cell"]
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
            return Recurrent(self.make_cell(**cell), input_size, hidden_size, **options)
        drop_in: Any = self.layer  # takes the cell's options itself, and brings its own cell
        return drop_in(input_size, hidden_size, **self.choices, **cell, **options)

    def _check(self, options: Mapping[str, Any]) -> None:
        known = self.options()
        for option in options:
            if option not in known:
                raise ValueError(f"'{self.name}' has no option '{option}'{suggestion(option, known)}")
        missing = [name for name in self.required() if name not in options]
        if missing and "initialiser" not in options:
            raise ValueError(
                f"'{self.name}' needs {' and '.join(missing)}: pass it to make, or as --model.{missing[0]} on the "
                f"command line; for chrono initialisation it is the longest dependency of the task in steps, for time "
                f"gates the length of its sequences"
            )


def arguments(function: Callable[..., Any], without: tuple[str, ...] = ()) -> dict[str, inspect.Parameter]:
    """The named arguments of `function`."""
    found = inspect.signature(function).parameters.values()
    return {p.name: p for p in found if p.name not in without and p.kind is not p.VAR_KEYWORD}


def suggestion(name: str, known: Mapping[str, Any]) -> str:
    """What to say of a name that is not known: the nearest that is, or all of them."""
    every = f"there are {', '.join(known)}"
    return f"; {did_you_mean(name, known, every)}"
