"""Torch's own kernels, for the cells that `torch.nn` has."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from holdfast.backends.backend import Backend, Work, autocasts, zero_beyond
from holdfast.backends.first_order import first_order
from holdfast.backends.reference import unroll_segment
from holdfast.cells import GRU, LSTM, RNN, Cell


class Native(Backend):
    """The kernels behind `torch.nn.LSTM`, `GRU` and `RNN`: oneDNN or cuDNN where torch has them.

    A second derivative goes through the reference, since those kernels have none.
    """

    name = "native"

    def obstacle(self, cell: Cell, work: Work | None = None) -> str | None:
        if type(cell) not in (LSTM, GRU, RNN):
            return f"torch.nn has no {type(cell).__name__}"
        if isinstance(cell, RNN) and not isinstance(cell.norm, torch.nn.Identity):
            return "torch.nn.RNN has no layer normalisation"
        if lacking := {"weight_ih", "weight_hh"} - dict(cell.named_parameters()).keys():
            return f"torch's kernels take parameters of {type(cell).__name__} that are not there: {', '.join(lacking)}"
        if work is None:
            return None
        if work.valid is not None and work.valid.is_meta:
            return "lengths without values can't be packed"
        if work.reset is not None:
            return "torch's kernels can't reset the state within a sequence"
        if work.recompute is not None:
            return "torch's kernels keep all activations"
        if work.x.device.type == "cpu" and autocasts(work.x.device):
            return "torch's kernels fail under autocast on many CPUs"
        if transformed():
            return "torch's kernels do not run under torch.func transforms, torch.compile or export"
        return None

    def disadvantage(self, cell: Cell, work: Work) -> str | None:
        if work.valid is not None and work.x.device.type == "cpu":
            return "on the CPU torch takes rows that end at different steps one step at a time"
        return None

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        fast = call_kernel if work.valid is None else partial(call_packed, work.valid)
        output, *state = first_order(fast, partial(unroll_flat, work.valid), cell, work.filled, work.state)
        return output, tuple(state)


def transformed() -> bool:
    """Whether the call is being traced, or runs under vmap, grad, jvp and the like."""
    return torch.compiler.is_compiling() or differentiated_by_function()  # in this order: a compiler stops there


def differentiated_by_function() -> bool:
    """Whether the call runs under vmap, grad, jvp and the like."""
    # torch has no public question for this
    inside_transform = torch._C._functorch.maybe_current_level() is not None  # pyright: ignore[reportAttributeAccessIssue]
    return inside_transform or torch.autograd.forward_ad._current_level >= 0


def unroll_flat(valid: Tensor | None, cell: Cell, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The reference, its output and states in one tuple."""
    output, last = unroll_segment(cell, x, state, valid, None)
    return output, *last


def call_packed(valid: Tensor, cell: Cell, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """`call_kernel` on rows that end at different steps, packed in the way that torch's kernels take them.

    Torch packs no row without steps: of such a row it gets one, and what comes of that is left out.
    """
    lengths = valid.sum(0)
    packed = pack_padded_sequence(x, lengths.clamp(min=1).cpu(), enforce_sorted=False)
    ordered = tuple(part[packed.sorted_indices] for part in state)
    output, *last = call_kernel(cell, packed.data, ordered, packed.batch_sizes)
    output, _ = pad_packed_sequence(packed._replace(data=output), total_length=len(x))
    some = (lengths > 0).unsqueeze(-1)
    ends = [torch.where(some, end[packed.unsorted_indices], start) for end, start in zip(last, state, strict=True)]
    return zero_beyond(output, valid), *ends


def call_kernel(cell: Cell, x: Tensor, state: tuple[Tensor, ...], *batch_sizes: Tensor) -> tuple[Tensor, ...]:
    """One layer of torch's, in one direction: x (T, B, I) and the state to (output, *last state).

    Args:
        batch_sizes: of packed sequences, how many rows have each step; x and the output are then packed too.
    """
    parameters = dict(cell.named_parameters())
    biases = torch_biases(parameters)
    weights = [parameters["weight_ih"], parameters["weight_hh"], *biases]
    weights += [parameters["weight_hr"]] if "weight_hr" in parameters else []
    initial = [part.unsqueeze(0) for part in state]
    first = initial if isinstance(cell, LSTM) else initial[0]
    one_layer_one_direction = (weights, bool(biases), 1, 0.0, torch.is_grad_enabled(), False)
    layout = () if batch_sizes else (False,)
    output, *last = kernel_of(cell)(x, *batch_sizes, first, *one_layer_one_direction, *layout)
    return output, *(part.squeeze(0) for part in last)


def kernel_of(cell: Cell) -> Callable[..., tuple[Tensor, ...]]:
    """Torch's function for a cell that `torch.nn` has too."""
    if isinstance(cell, RNN):
        return torch.rnn_tanh if cell.nonlinearity == "tanh" else torch.rnn_relu
    return torch.lstm if isinstance(cell, LSTM) else torch.gru


def torch_biases(parameters: Mapping[str, Tensor]) -> list[Tensor]:
    """The two biases (bias_ih, bias_hh) that torch's layers add, from the one of a cell; none without bias."""
    if "bias" not in parameters:
        return []
    bias_ih = parameters["bias"]
    bias_hh = torch.zeros_like(bias_ih)
    if "bias_hh_candidate" in parameters:
        candidate = parameters["bias_hh_candidate"]
        bias_hh = torch.cat([bias_hh[: -len(candidate)], candidate])
    return [bias_ih, bias_hh]
