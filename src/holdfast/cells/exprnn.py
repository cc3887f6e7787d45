"""The exponential network: an orthogonal matrix as the exponential of a skew-symmetric one."""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, normal_like, positive, uniform_between
from holdfast.cells.derived import DerivedCell, widened
from holdfast.cells.modrelu import modrelu


class ExpRNN(DerivedCell):
    """Any rotation of the state, learnt without constraints: the exponential of a skew-symmetric matrix is orthogonal.

        B = B_0 exp(A),   A = S - S^T,   S the learnt entries above the diagonal
        h_t = modReLU(B h_{t-1} + W x_t)                        sign(z) relu(|z| + b)

    With K=None, B_0 is the identity (expRNN). With a number (dtriv), every K updates of A it is folded into B_0,

        B_0 <- B_0 exp(A),   A <- 0

    so that the exponential is only used near 0, where it is not distorted; K=1 is Riemannian gradient descent. It needs
    nothing of the training loop: a layer that is about to train looks whether A has changed since, and counts. B_0 is
    then also made orthogonal again, against rounding.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        angles: how A starts, as rotations of the pairs of units (0, 1), (2, 3), ...: "henaff" by U(-pi, pi) (copying in
            the paper), "cayley" by -tan(U(0, pi/2) / 2) (pixels).
        K: updates of A between two changes of B_0; None for none.

    Shapes: weight_ih W (H, I), skew (H (H - 1) / 2,) the entries of S row by row, bias_modulus b (H,); buffer base B_0
    (H, H); with K also skew_before (as skew) and updates, a whole number.

    Initialisation: b ~ U(-0.01, 0.01), W ~ N(0, 2 / I) (He), A as `angles` says.

    Source: lezcano2019cheap, lezcano2019trivializations. The authors learn A ten times slower than the rest: put `skew`
    in a group of its own. Their state is a row that is multiplied by B from the right, so theirs is the transpose; they
    re-orthogonalise by a singular value decomposition every so many changes, here by a Newton step at each.

    Raises:
        ValueError: unknown `angles`, or K is not a whole number of at least 1.
    """

    base: Tensor
    skew_before: Tensor
    updates: Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        angles: Literal["cayley", "henaff"] = "cayley",
        K: int | None = None,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, blocks=("candidate",))
        if angles not in ("cayley", "henaff"):
            raise ValueError(f"angles must be 'cayley' or 'henaff', got {angles!r}")
        self.angles, self.K = angles, None if K is None else positive("K", K)
        kind = {"device": device, "dtype": dtype}
        entries = hidden_size * (hidden_size - 1) // 2
        self.weight_ih = empty_parameter(hidden_size, input_size, **kind)
        self.skew = empty_parameter(entries, **kind)
        self.bias_modulus = empty_parameter(hidden_size, **kind)
        self.register_buffer("base", torch.eye(hidden_size, **kind))
        if K is not None:
            self.register_buffer("skew_before", torch.zeros(entries, **kind))
            self.register_buffer("updates", torch.zeros((), dtype=torch.int64, device=device))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        fill(self.weight_ih, normal_like(self.weight_ih, math.sqrt(2 / self.input_size), generator))
        fill(self.bias_modulus, uniform_between(self.bias_modulus, -0.01, 0.01, generator))
        fill(self.base, torch.eye(self.hidden_size))
        size = self.hidden_size
        pairs = torch.empty(size // 2, device=self.skew.device)
        if self.angles == "henaff":
            drawn = uniform_between(pairs, -math.pi, math.pi, generator)
        else:
            drawn = -(uniform_between(pairs, 0, math.pi / 2, generator) / 2).tan()
        fill(self.skew, 0)
        rows = range(0, size - 1, 2)  # the entry (i, i + 1) is the first of row i
        first = torch.tensor([i * size - i * (i + 1) // 2 for i in rows], dtype=torch.int64, device=self.skew.device)
        fill(self.skew, self.skew.detach().index_put((first,), drawn.to(self.skew.dtype)))
        if self.K is not None:
            fill(self.skew_before, self.skew)
            fill(self.updates, 0)

    def derive(self) -> tuple[Tensor, ...]:
        """B (H, H)."""
        exponential = skew_symmetric(widened(self.skew), self.hidden_size).matrix_exp()
        return ((widened(self.base) @ exponential).to(self.skew.dtype),)

    @torch.no_grad()
    def settle(self) -> None:
        if self.K is None or torch.equal(self.skew, self.skew_before):
            return
        self.updates += 1
        if self.updates % self.K == 0:
            (moved,) = self.derive()
            self.base.copy_(moved @ (3 * torch.eye(self.hidden_size).to(moved) - moved.T @ moved) / 2)
            self.skew.zero_()
        self.skew_before.copy_(self.skew)

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih)

    def step_with(self, p: Tensor, state, *derived: Tensor):
        (weight,) = derived
        return modrelu(p + F.linear(state.h, weight), self.bias_modulus)

    def choices(self) -> dict[str, object]:
        return {"angles": self.angles, "K": self.K}


def skew_symmetric(entries: Tensor, size: int) -> Tensor:
    """S - S^T (H, H), with `entries` (H (H - 1) / 2,) above the diagonal of S, row by row."""
    row, column = torch.triu_indices(size, size, 1, device=entries.device).unbind()
    above = entries.new_zeros(size, size).index_put((row, column), entries)
    return above - above.T
