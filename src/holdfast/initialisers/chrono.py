"""Chrono initialisation: forgetting times that cover the range of a task."""

from dataclasses import dataclass

import torch

from holdfast.initialisers.initialiser import GateBias, draw_uniform


@dataclass(frozen=True)
class Chrono(GateBias):
    """Units forget over times spread uniformly over those that the task needs.

        b_forget = log(U(t_min, t_max) - 1)          so 1 / (1 - sigmoid(b_forget)) ~ U(t_min, t_max)
        b_input = -b_forget                          other biases 0

    Args:
        t_max: longest dependency of the task, in steps, above `t_min`.
        t_min: shortest forgetting time, in steps, above 1; 2 gives log U(1, t_max - 1), the paper's form for an LSTM.

    Source: tallec2018can. vanderwesthuizen2018unreasonable has log U(1, t_max): `Chrono(t_max + 1)`.

    Raises:
        ValueError: not 1 < t_min < t_max.
    """

    t_max: float
    t_min: float = 2.0

    def __post_init__(self):
        if not 1 < self.t_min < self.t_max:
            raise ValueError(f"Chrono expects 1 < t_min < t_max, in steps, got t_min={self.t_min}, t_max={self.t_max}")

    def offsets(self, size: int, generator: torch.Generator | None):
        keep = (draw_uniform(self.t_min, self.t_max, size, generator) - 1).log()
        return {"forget": keep, "update": keep, "input": -keep}


@dataclass(frozen=True)
class IntegerChrono(GateBias):
    """Chrono initialisation over whole numbers of steps, as in the comparison of Chandar et al.

        b_forget = log(k),  k uniform in {1, ..., t_max};   b_input = -b_forget;   other biases 0

    Args:
        t_max: longest forgetting time, in steps, at least 1.

    Source: chandar2019towards, the authors' code.

    Raises:
        ValueError: t_max is below 1.
    """

    t_max: int

    def __post_init__(self):
        if self.t_max < 1:
            raise ValueError(f"IntegerChrono expects t_max of at least 1 step, got {self.t_max}")

    def offsets(self, size: int, generator: torch.Generator | None):
        keep = (1 + draw_uniform(0, self.t_max, size, generator).floor().clamp(max=self.t_max - 1)).log()
        return {"forget": keep, "update": keep, "input": -keep}
