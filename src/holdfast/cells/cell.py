"""The contract that every recurrent cell keeps."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from operator import index
from typing import ClassVar, SupportsIndex

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from holdfast.cells.state import state_type


class Cell(nn.Module, ABC):
    """One time step of a recurrent network, in ordinary PyTorch; layers, backends and kernels are derived from it.

    A cell is two functions:

        p_t = project(x_t)                       all that does not depend on the state, for a whole sequence at once
        state_t = step(p_t, state_{t-1})         one time step: differentiable, no branch on a value, rows independent

    Matrices take the weight decay of training, if there is any; a cell, or a module in it, exempts its own by naming
    them in `undecayed`.

    Args:
        input_size: number of features of x_t, at least 1.
        hidden_size: number of units, at least 1.
        state_sizes: name and width of each part of the state, in order; the first is the cell's output.
            One part `h` of width `hidden_size` unless given.
        blocks: names of the pre-activation blocks in `weight_ih`, `weight_hh` and `bias`, in order; a mapping where
            their widths differ from `hidden_size`. Initialisers address gates by these names.

    Raises:
        ValueError: a size is not a positive whole number.
    """

    undecayed: ClassVar[tuple[str, ...]] = ()
    shared_features: int = 0
    """How many of the last features of a layer's input every cell of a stack is given: time stamps."""
    bookkeeping: tuple[str, ...] = ()
    """Names of the states that are no units: clocks, counts, boundaries. What keeps single units lets them be."""
    counters: tuple[str, ...] = ()
    """Names of the states that are no memory: clocks, the same after any past, and counts that no step reads. Probes
    leave them out."""
    entangled: ClassVar[str] = ""
    """Why no unit of the state can be kept while the others go on; nothing where it can."""
    reads_output: bool = True
    """Whether a step reads the first state; False where the output is given out and goes nowhere else."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        state_sizes: Mapping[str, int] | None = None,
        blocks: Sequence[str] | Mapping[str, int] = (),
    ):
        super().__init__()
        self.input_size = positive("input_size", input_size)
        self.hidden_size = positive("hidden_size", hidden_size)
        self.state_sizes = dict(state_sizes or {"h": self.hidden_size})
        self.block_sizes = dict(blocks) if isinstance(blocks, Mapping) else dict.fromkeys(blocks, self.hidden_size)
        self.output_mask: nn.Module | None = None

    @abstractmethod
    def project(self, x: Tensor) -> Tensor:
        """All that does not depend on the state: x (..., I) to p (..., P)."""

    @abstractmethod
    def step(self, p: Tensor, state) -> Tensor | tuple[Tensor, ...]:
        """One time step: p (B, P) and the state, a named tuple of (B, size), to the new states in order.

        A cell with one state may return it bare.
        """

    def masked(self, h: Tensor) -> Tensor:
        """The output of the step before as products read it: through the mask of `VariationalDropout`, if any."""
        return h if self.output_mask is None else self.output_mask(h)

    @property
    def unmodified(self) -> "Cell":
        """The cell itself; of a modifier, the cell that it modifies."""
        return self

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the pre-activation blocks, in the order in which the parameters hold them."""
        return tuple(self.block_sizes)

    @property
    def output_size(self) -> int:
        """Width of the output: that of the first state."""
        first, *_ = self.state_sizes.values()
        return first

    def block(self, name: str) -> slice:
        """The rows of `weight_ih`, `weight_hh` and `bias` that belong to the block `name`."""
        if name not in self.block_sizes:
            raise ValueError(f"{type(self).__name__} has no block '{name}'; it has {', '.join(self.blocks) or 'none'}")
        start = sum(self.block_sizes[earlier] for earlier in self.blocks[: self.blocks.index(name)])
        return slice(start, start + self.block_sizes[name])

    def bias_rows(self, name: str) -> slice | None:
        """The rows of `bias` that are the block's own; None if its bias follows from another one's."""
        return self.block(name)

    def make_state(self, parts) -> tuple[Tensor, ...]:
        """`parts`, a tensor or tensors in the cell's order, as this cell's named tuple.

        Raises:
            ValueError: there are more or fewer parts than the cell has states.
        """
        names, parts = tuple(self.state_sizes), (parts,) if isinstance(parts, Tensor) else parts
        if len(parts) != len(names):
            raise ValueError(
                f"{type(self).__name__} has {len(names)} states, {', '.join(names)}, and step must return as many, "
                f"got {len(parts)}"
            )
        return state_type(names)(*parts)

    def initial_state(self, batch_size: int, *, like: Tensor) -> tuple[Tensor, ...]:
        """The state before the first step: zeros (B, size), with the dtype and device of `like`."""
        return self.make_state([like.new_zeros(batch_size, size) for size in self.state_sizes.values()])

    @property
    def begins_from_zeros(self) -> bool:
        """Whether the state before the first step is zeros, and not one of the cell's own."""
        return type(self.unmodified).initial_state is Cell.initial_state

    def next_state(self, p: Tensor, state) -> tuple[Tensor, ...]:
        """`step`, with its result as this cell's named tuple."""
        return self.make_state(self.step(p, state))

    def forward(self, p: Tensor, state) -> tuple[Tensor, ...]:
        """`next_state`, so that `torch.func.functional_call` can make a step with other weights."""
        return self.next_state(p, state)

    def stepper(self) -> Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]:
        """`next_state` for the steps of one sequence; a cell that derives weights from its parameters does so here."""
        return self.next_state

    def settle(self) -> None:
        """Called before a sequence that is trained on: a cell with a constraint restores it here.

        So it is kept in any training loop, after any optimiser's step, with nothing to be called by hand.
        """

    def take_place(self, layer: int, layers: int) -> None:
        """Called once when a stack is made: this cell is in its layer `layer`, from 0, of so many.

        A cell that starts otherwise at another place says so here, and draws its start anew where that depends on it.
        """

    def choices(self) -> dict[str, object]:
        """What sets this cell apart from others of its class; shown when it is printed."""
        return {}

    def extra_repr(self) -> str:
        shown = [str(self.input_size), str(self.hidden_size)]
        return ", ".join(shown + [f"{name}={value!r}" for name, value in self.choices().items()])


class AffineCell(Cell):
    """A cell whose pre-activations are W_ih x_t + b + W_hh h_{t-1}, in blocks of rows: most cells are.

    It makes the parameters and the projection; `step` is the cell's own, and takes W_hh h_{t-1} from `recurrent`, where
    `LayerNorm` and `VariationalDropout` have a part in it.

    Args:
        bias: whether there is a bias.
        others as for `Cell`.

    Shapes, K the sum of the blocks' sizes: weight_ih (K, I), weight_hh (K, width of h), bias (K,).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        blocks: Sequence[str] | Mapping[str, int],
        state_sizes: Mapping[str, int] | None = None,
        bias: bool = True,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, state_sizes=state_sizes, blocks=blocks)
        rows = sum(self.block_sizes.values())
        self.weight_ih = empty_parameter(rows, input_size, device=device, dtype=dtype)
        self.weight_hh = empty_parameter(rows, self.output_size, device=device, dtype=dtype)
        self.bias = empty_parameter(rows, device=device, dtype=dtype) if bias else None
        self.norm_ih: nn.Module | None = None
        self.norm_hh: nn.Module | None = None

    @property
    def products(self) -> tuple[int, ...]:
        """Rows of `weight_hh` that are multiplied at once, in order: what a normalisation takes together."""
        return (sum(self.block_sizes.values()),)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw every parameter from U(-1/sqrt(H), 1/sqrt(H)), as `torch.nn.LSTM` does.

        The bias is the sum of two such draws, since torch's layers add two biases: the same seed gives torch's numbers.
        """
        bound = 1 / math.sqrt(self.hidden_size)
        for name, parameter in self.named_parameters():
            draws = 2 if name == "bias" else 1
            fill(parameter, sum(uniform_like(parameter, bound, generator) for _ in range(draws)))

    def project(self, x: Tensor) -> Tensor:
        bias = self.whole_bias()
        if self.norm_ih is None:
            return F.linear(x, self.weight_ih, bias)
        p = self.norm_ih(F.linear(x, self.weight_ih))
        return p if bias is None else p + bias

    def whole_bias(self) -> Tensor | None:
        """b, a number for every row of `weight_ih`."""
        return self.bias

    def recurrent(self, h: Tensor) -> Tensor:
        """W_hh h, of h as it is to be read, normalised if the cell is."""
        return self.normalised(F.linear(self.masked(h), self.weight_hh))

    def normalised(self, product: Tensor, *which: int) -> Tensor:
        """A product with `weight_hh`, of all its rows or of those of `products[which]`, normalised if the cell is."""
        return product if self.norm_hh is None else self.norm_hh(product, *which)


def positive(name: str, size: SupportsIndex) -> int:
    """`size` as an int, if it is a whole number of at least 1, NumPy's too."""
    try:
        number = 0 if isinstance(size, bool) else index(size)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {size!r}")
    return number


def empty_parameter(*shape: int, device=None, dtype=None) -> nn.Parameter:
    """A parameter whose values `reset_parameters` is about to draw."""
    return nn.Parameter(torch.empty(shape, device=device, dtype=dtype))


def uniform_like(parameter: Tensor, bound: float, generator: torch.Generator | None) -> Tensor:
    """A draw from U(-bound, bound) with the shape, dtype and device of `parameter`."""
    device = parameter.device if generator is None or parameter.is_meta else generator.device
    draw = torch.empty(parameter.shape, dtype=parameter.dtype, device=device)
    return draw.uniform_(-bound, bound, generator=generator).to(parameter.device)


def normal_like(parameter: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    """A draw from N(0, std^2) with the shape, dtype and device of `parameter`."""
    device = parameter.device if generator is None or parameter.is_meta else generator.device
    draw = torch.empty(parameter.shape, dtype=parameter.dtype, device=device)
    return draw.normal_(0, std, generator=generator).to(parameter.device)


def uniform_between(parameter: Tensor, low: float, high: float, generator: torch.Generator | None) -> Tensor:
    """A draw from U(low, high) with the shape, dtype and device of `parameter`."""
    device = parameter.device if generator is None or parameter.is_meta else generator.device
    draw = torch.empty(parameter.shape, dtype=parameter.dtype, device=device)
    return draw.uniform_(low, high, generator=generator).to(parameter.device)


def fill(parameter: Tensor, value) -> None:
    """Overwrite `parameter` in place, outside of autograd."""
    with torch.no_grad():
        parameter.copy_(value)
