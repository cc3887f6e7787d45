"""Torch's own kernels, for the cells that `torch.nn` has."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from holdfast.backends.backend import Backend, Work
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
        if work is None:
            return None
        if work.valid is not None:
            return "torch's kernels take lengths in packed form only"
        if work.reset is not None:
            return "torch's kernels can't reset the state within a sequence"
        if work.recompute is not None:
            return "torch's kernels keep all activations"
        if torch.is_autocast_enabled(work.x.device.type) and work.x.device.type == "cpu":
            return "torch's kernels fail under autocast on many CPUs"
        if transformed():
            return "torch's kernels do not run under torch.func transforms, torch.compile or export"
        return None

    def unroll(self, cell: Cell, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        output, *state = first_order(call_kernel, unroll_flat, cell, work.x, work.state)
        return output, tuple(state)


def transformed() -> bool:
    """Whether the call is being traced, or runs under vmap, grad, jvp and the like."""
    return torch.compiler.is_compiling() or differentiated_by_function()  # in this order: a compiler stops there


def differentiated_by_function() -> bool:
    """Whether the call runs under vmap, grad, jvp and the like."""
    # torch has no public question for this
    inside_transform = torch._C._functorch.maybe_current_level() is not None  # pyright: ignore[reportAttributeAccessIssue]
    return inside_transform or torch.autograd.forward_ad._current_level >= 0


def unroll_flat(cell: Cell, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The reference, its output and states in one tuple."""
    output, last = unroll_segment(cell, x, state, None, None)
    return output, *last


def call_kernel(cell: Cell, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """One layer of torch's, in one direction: x (T, B, I) and the state to (output, *last state)."""
    parameters = dict(cell.named_parameters())
    biases = torch_biases(parameters)
    weights = [parameters["weight_ih"], parameters["weight_hh"], *biases]
    weights += [parameters["weight_hr"]] if "weight_hr" in parameters else []
    initial = [part.unsqueeze(0) for part in state]
    one_layer_one_direction = (weights, bool(biases), 1, 0.0, torch.is_grad_enabled(), False, False)
    output, *last = kernel_of(cell)(x, initial if isinstance(cell, LSTM) else initial[0], *one_layer_one_direction)
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
