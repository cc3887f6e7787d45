"""A gate at its place in a cell, with the parameters that it has there."""

import torch
from torch import Tensor, nn

from holdfast.cells.cell import empty_parameter, fill
from holdfast.cells.gates import Gate


class PlacedGate(nn.Module):
    """A gate together with its own parameters for the units of one cell; a gate without any is just called.

    The parameters have at least float32, whatever the cell has and whatever it is converted to: those of a KAF are
    large and of alternating sign. They take no weight decay, for zero is no neutral value of them.

    Args:
        gate: what is computed.
        units: H.
    """

    def __init__(self, gate: Gate, units: int, *, device=None, dtype=None):
        super().__init__()
        self.gate, self.units = gate, units
        dtype = at_least_single(dtype or torch.get_default_dtype())
        for name, value in gate.initial_parameters(units, torch.Generator()).items():
            self.register_parameter(name, empty_parameter(*value.shape, device=device, dtype=dtype))

    @property
    def undecayed(self) -> tuple[str, ...]:
        """The parameters that take no weight decay."""
        return tuple(self._parameters)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Where the gate says that they begin."""
        for name, value in self.gate.initial_parameters(self.units, generator).items():
            fill(self.get_parameter(name), value)

    def forward(self, *pre_activations: Tensor) -> Tensor:
        own = (value for value in self._parameters.values() if value is not None)
        return self.gate(*pre_activations, *own)

    def _apply(self, fn, recurse=True):
        return super()._apply(lambda value: keep_single(fn, value), recurse)

    def extra_repr(self) -> str:
        return repr(self.gate)


def at_least_single(dtype: torch.dtype) -> torch.dtype:
    """`dtype`, or float32 where that has fewer bits."""
    return torch.float32 if dtype.itemsize < 4 else dtype


def keep_single(convert, value: Tensor) -> Tensor:
    """What `convert` makes of a tensor; where that would be of half precision, only the device changes."""
    converted = convert(value)
    return converted if converted.dtype.itemsize >= 4 else value.to(converted.device)
