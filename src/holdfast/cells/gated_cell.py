"""What gated cells have in common."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from holdfast.cells.cell import AffineCell, empty_parameter
from holdfast.cells.gates import Gate
from holdfast.cells.placed import PlacedGate

RefineBias = Literal["own", "mirrored"]


class GatedCell(AffineCell):
    """What gated cells have in common: gates by the name of the block that they open, each with its own parameters.

    The block of the gate that keeps the memory comes right before those of its auxiliary gates.
    """

    refine_bias: RefineBias

    def place(self, gates: Mapping[str, Gate], refine_bias: RefineBias, *, device, dtype) -> None:
        """Make the gate of every block, under the name forget_gate and so on, and draw every parameter.

        Raises:
            ValueError: a gate other than the first takes auxiliary blocks, or `refine_bias` is unknown, or not for
                this gate.
        """
        if refine_bias not in ("own", "mirrored"):
            raise ValueError(f"refine_bias must be 'own' or 'mirrored', got {refine_bias!r}")
        self.refine_bias = refine_bias
        if refine_bias == "mirrored":
            if "refine" not in self.blocks:
                raise ValueError("refine_bias='mirrored' is for a refine gate; leave it out, or pass gate=Refine()")
            self.bias = empty_parameter(len(self.weight_ih) - self.hidden_size, device=device, dtype=dtype)
        _first, *others = gates
        for name in others:
            if gates[name].auxiliary:
                raise ValueError(
                    f"the {name} gate takes one block, but {gates[name]} also takes {', '.join(gates[name].auxiliary)}"
                )
        for name, gate in gates.items():
            self.add_module(f"{name}_gate", PlacedGate(gate, self.hidden_size, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Weights and biases U(-1/sqrt(H), 1/sqrt(H)); the gates' own parameters where the gates say."""
        super().reset_parameters(generator)
        for gate in self.children():
            if isinstance(gate, PlacedGate):
                gate.reset_parameters(generator)

    def whole_bias(self) -> Tensor | None:
        if self.refine_bias == "own" or self.bias is None:
            return self.bias
        place = self.block("refine").start
        return torch.cat([self.bias[:place], -self.bias[place - self.hidden_size : place], self.bias[place:]])

    def bias_rows(self, name: str) -> slice | None:
        rows = self.block(name)
        if self.refine_bias == "own" or rows.start < self.block("refine").start:
            return rows
        return None if name == "refine" else slice(rows.start - self.hidden_size, rows.stop - self.hidden_size)

    def opened(self, name: str, *pre_activations: Tensor) -> Tensor:
        """The gate over the block `name`, from its pre-activations."""
        gate = self._modules[f"{name}_gate"]  # and not by `getattr`: then it is plain what a step can reach
        assert gate is not None
        return gate(*pre_activations)

    def choices(self) -> dict[str, object]:
        return {"refine_bias": self.refine_bias} if self.refine_bias != "own" else {}
