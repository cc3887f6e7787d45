"""Uniform gate initialisation: gates that start everywhere between closed and open."""

from dataclasses import dataclass
from typing import Literal

import torch

from holdfast.initialisers.initialiser import GateBias, draw_uniform


@dataclass(frozen=True)
class UniformGate(GateBias):
    """The gates that keep start uniformly spread over (0, 1), so forgetting times start from 1 to H without being told.

        u ~ U(1/H, 1 - 1/H);   b_forget = logit(u), so that sigmoid(b_forget) = u;   b_input = -b_forget
        b_refine = -b_forget                                                          other biases 0

    Args:
        refine: "mirrored" gives the refine gate minus the same vector, as the paper does; "centred" leaves its bias at
            0, so that r starts near 1/2, as the first author's later code does.

    Source: gu2020improving.

    Raises:
        ValueError: `refine` is neither.
    """

    refine: Literal["mirrored", "centred"] = "mirrored"

    def __post_init__(self):
        if self.refine not in ("mirrored", "centred"):
            raise ValueError(f"refine must be 'mirrored' or 'centred', got {self.refine!r}")

    def offsets(self, size: int, generator: torch.Generator | None):
        edge = 1 / size if size > 2 else 0.25  # one or two units: the range would be empty
        keep = draw_uniform(edge, 1 - edge, size, generator).logit()
        refine = -keep if self.refine == "mirrored" else torch.zeros_like(keep)
        return {"forget": keep, "update": keep, "input": -keep, "refine": refine}
