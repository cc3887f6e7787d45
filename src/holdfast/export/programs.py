"""Models traced by torch.export: over whole sequences of any length, and one step at a time with the state in the open.

    sequence     inputs (T, B, ...) [, lengths (B,)]   ->  answers, state after the last step
    step         inputs (B, ...), state                ->  answers, state

A state is its parts by name, (layers, B, width) each: `h` and `c` of an LSTM. A sequence begins from zeros. With
`lengths` each answer is that at the end of its row; the states are always those after all T steps.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from holdfast.backends import BackendName
from holdfast.cells import DerivedCell
from holdfast.layers import Recurrent
from holdfast.layers.sequence import parts
from holdfast.models import PooledModel, SequenceModel
from holdfast.models.rivals import Causal

EXAMPLE = {"time": 5, "batch": 2}
"""Sizes with which a program is traced; it takes any others."""
LAST = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Program:
    """A traced model, with names for what goes in and what comes out.

    Args:
        traced: by torch.export, with time and batch of any size; it needs nothing of this library to run.
        plain: the same, step by step in PyTorch, to compare with.
        inputs, outputs: names with their axes: a name for one of any size, else its size.
    """

    traced: ExportedProgram
    plain: "Whole | Single"
    inputs: dict[str, tuple[str | int, ...]]
    outputs: dict[str, tuple[str | int, ...]]

    def example(self, generator: torch.Generator, **sizes: int) -> tuple[Tensor, ...]:
        """Inputs of other sizes, to compare what was exported with what it was exported from.

        Args:
            generator: source of the values.
            sizes: `time` and `batch`.
        """
        return self.plain.example(generator, **(EXAMPLE | sizes))


def sequence_program(model: nn.Module) -> Program:
    """A model, or a bare recurrent layer, over whole sequences.

    Raises:
        ValueError: it can't be traced.
    """
    return _trace(Whole(frozen(model, "loop")), Whole(frozen(model, "reference")), "sequence")


def step_program(model: nn.Module) -> Program:
    """A model, or a bare recurrent layer, one step at a time.

    Raises:
        ValueError: the model has no state to step from, or it can't be traced.
    """
    check_steps(model)
    return _trace(Single(frozen(model, "reference")), Single(frozen(model, "reference")), "step")


def check_steps(model: nn.Module) -> None:
    """Whether a model can read a stream.

    Raises:
        ValueError: it can't; the message says why.
    """
    if not is_recurrent(model):
        raise ValueError("a model that is no recurrence has no state, and can't be exported step by step")
    if recurrent_of(model).bidirectional:
        raise ValueError("a bidirectional model reads from the end too, and can't be exported step by step")


def is_recurrent(model: nn.Module) -> bool:
    """Whether a model has a state; one of attention or convolutions has none."""
    return not isinstance(model, PooledModel) and not isinstance(getattr(model, "layer", None), Causal)


def recurrent_of(model: nn.Module) -> Recurrent:
    """The recurrent layer of a model, or a layer itself.

    Raises:
        ValueError: there is none.
    """
    layer = model.layer if isinstance(model, SequenceModel) else model
    if not isinstance(layer, Recurrent):
        raise ValueError(f"expected a SequenceModel, a PooledModel or a Recurrent layer, got a {type(model).__name__}")
    return layer


def frozen(model: nn.Module, backend: BackendName) -> nn.Module:
    """A copy in evaluation mode whose parameters want no gradient, and whose layers run on `backend`.

    What its cells derive from their parameters is derived here, once and for all.
    """
    copied = copy.deepcopy(model).eval().requires_grad_(False).cpu()
    for module in list(copied.modules()):
        if isinstance(module, Recurrent):
            module.backend, module.recompute = backend, None
        if isinstance(module, DerivedCell):
            fix_derived(module)
    return copied


def fix_derived(cell: DerivedCell) -> None:
    """Makes what follows from the cell's parameters one more of them, so that a graph does not hold the way to it."""
    cell.derived = nn.ParameterList(nn.Parameter(value, requires_grad=False) for value in cell.derive())
    cell.derive = MethodType(lambda self: tuple(self.derived), cell)  # a method, so that a copy has one of its own


class Exportable(nn.Module):
    """A model with its inputs and outputs in a row, as a graph has them."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model
        self.recurrent = is_recurrent(model)

    @property
    def layer(self) -> Recurrent:
        return recurrent_of(self.model)

    @property
    def last(self) -> bool:
        """Whether there is one answer a sequence."""
        usual = "last step" if isinstance(self.model, PooledModel) else "every step"
        return getattr(self.model, "readout", usual) == "last step"

    @property
    def states(self) -> dict[str, tuple[str | int, ...]]:
        """Each part of the state with its axes."""
        if not self.recurrent:
            return {}
        cell: Any = self.layer.cells[0]
        return {name: (len(self.layer.cells), "batch", size) for name, size in cell.state_sizes.items()}

    @property
    def features(self) -> tuple[int, ...]:
        """The last axes of an input; none if it holds symbols."""
        before: Any = getattr(self.model, "embedding", None)
        if before is None:
            layer: Any = getattr(self.model, "layer", self.model)
            return (layer.input_size,)
        return () if isinstance(before, nn.Embedding) else (before.in_features,)

    def draw(self, generator: torch.Generator, *shape: int) -> Tensor:
        """Inputs with that many steps and rows."""
        before: Any = getattr(self.model, "embedding", None)
        if isinstance(before, nn.Embedding):
            return torch.randint(before.num_embeddings, shape, generator=generator)
        like = next(self.model.parameters())
        return torch.randn(*shape, *self.features, generator=generator, dtype=like.dtype)

    def answers(self, output: Tensor) -> Tensor:
        return self.model.head(output) if isinstance(self.model, SequenceModel) else output

    def embedded(self, inputs: Tensor) -> Tensor:
        return self.model.embed(inputs) if isinstance(self.model, SequenceModel) else inputs

    @property
    def answer_size(self) -> int:
        head: Any = getattr(self.model, "head", None)
        return self.layer.output_size if head is None else head[-1].out_features


class Whole(Exportable):
    """The model over a sequence."""

    @property
    def inputs(self) -> dict[str, tuple[str | int, ...]]:
        given: dict[str, tuple[str | int, ...]] = {"inputs": ("time", "batch", *self.features)}
        return given | ({"lengths": ("batch",)} if self.ragged else {})

    @property
    def outputs(self) -> dict[str, tuple[str | int, ...]]:
        answers = ("batch", self.answer_size) if self.last else ("time", "batch", self.answer_size)
        return {"answers": answers, **self.states}

    @property
    def ragged(self) -> bool:
        """Whether it must be told where the rows end: it reads forward, and answers there."""
        return self.last and self.recurrent and not self.layer.bidirectional

    def example(self, generator: torch.Generator, *, time: int, batch: int) -> tuple[Tensor, ...]:
        inputs = self.draw(generator, time, batch)
        return (inputs, torch.randint(1, time + 1, (batch,), generator=generator)) if self.ragged else (inputs,)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None):
        if not self.recurrent:
            return (self.model(inputs),)
        output, state = self.layer(self.embedded(inputs))
        if self.last:
            ends = None if lengths is None else (lengths - 1).view(1, -1, 1).expand(1, -1, output.shape[-1])
            output = output[-1] if ends is None else output.gather(0, ends).squeeze(0)
        return self.answers(output), *parts(state)


class Single(Exportable):
    """The model over one step."""

    @property
    def inputs(self) -> dict[str, tuple[str | int, ...]]:
        return {"inputs": ("batch", *self.features), **self.states}

    @property
    def outputs(self) -> dict[str, tuple[str | int, ...]]:
        answers = ("batch", self.answer_size)
        return {"answers": answers, **{f"next_{name}": axes for name, axes in self.states.items()}}

    def example(self, generator: torch.Generator, *, time: int, batch: int) -> tuple[Tensor, ...]:
        like = next(self.model.parameters())
        shapes = [[batch if axis == "batch" else int(axis) for axis in axes] for axes in self.states.values()]
        states = [torch.randn(shape, generator=generator, dtype=like.dtype) for shape in shapes]
        return self.draw(generator, batch), *states

    def forward(self, inputs: Tensor, *state: Tensor):
        output, after = self.layer(self.embedded(inputs).unsqueeze(0), state[0] if len(state) == 1 else state)
        return self.answers(output.squeeze(0)), *parts(after)


def _trace(module: "Whole | Single", plain: "Whole | Single", what: str) -> Program:
    any_size = {name: Dim(name, min=1, max=LAST) for name in EXAMPLE}
    shapes = [{axis: any_size[name] for axis, name in free(axes).items()} for axes in module.inputs.values()]
    args = module.example(torch.Generator().manual_seed(0), **EXAMPLE)
    dynamic = (shapes[0], tuple(shapes[1:])) if isinstance(module, Single) else tuple(shapes)
    try:
        with torch.no_grad(), quietly():
            traced = torch.export.export(module, args, dynamic_shapes=dynamic, strict=False)
    except Exception as error:  # torch raises a dozen kinds
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"torch.export can't trace a {what} of this model: {type(error).__name__}: {reason}"
        ) from error
    return Program(traced, plain, module.inputs, module.outputs)


def free(axes: tuple[str | int, ...]) -> dict[int, str]:
    """The axes of any size, with their names."""
    return {axis: size for axis, size in enumerate(axes) if isinstance(size, str)}


@contextmanager
def quietly() -> Iterator[None]:
    """Without torch's warnings about its own exporter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
