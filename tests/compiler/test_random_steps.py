"""Steps that nobody wrote: random operations on random states, against the reference, in values and all gradients."""

import operator
import random
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import holdfast
from holdfast.backends import Compiled, Reference
from holdfast.backends.build import FLAGS
from holdfast.backends.kernels import Kernels

from .workloads import Size, results, work_for, worst

CELLS = 60
SIZE = Size(4, 3, 2, 6)
ONE: tuple[Callable[[Tensor], Tensor], ...] = (
    torch.tanh, torch.sigmoid, torch.sin, torch.abs, torch.neg, F.softplus, F.elu, torch.atan,
    lambda a: F.leaky_relu(a, 0.2), lambda a: torch.exp(-a * a), lambda a: a.clamp(-0.6, 0.7), lambda a: a.square(),
    lambda a: torch.sqrt(1 + a * a), lambda a: torch.log1p(a * a), lambda a: a.roll(1, -1), lambda a: a.flip(-1),
    lambda a: a.softmax(-1), lambda a: a.cumsum(-1) / 6, lambda a: a.flip(-1).cumsum(-1) / 6,
    lambda a: a - a.mean(-1, True), lambda a: a.sum(-1, True).expand_as(a),
    lambda a: a * a.amax(-1, keepdim=True), lambda a: F.layer_norm(a, a.shape[-1:]), lambda a: F.normalize(a, dim=-1),
    lambda a: torch.cat([a[:, 2:], a[:, :2]], -1), lambda a: a.view(-1, 2, 3).transpose(1, 2).flatten(1),
    lambda a: torch.stack(a.chunk(3, -1)[::-1], 1).flatten(1), lambda a: a[:, :1] * a,
    lambda a: torch.cat([a[:, ::2], a[:, 1::2]], -1), lambda a: F.pad(a[:, 1:-1], (1, 1)),
)  # fmt: skip
TWO: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    operator.add, operator.sub, operator.mul, torch.maximum, torch.minimum, lambda a, b: a / (1 + b * b),
    lambda a, b: torch.where(a > b, a, b * 0.5), lambda a, b: (a > 0) * b, lambda a, b: torch.lerp(a, b, 0.3),
    lambda a, b: a * (a * b).sum(-1, keepdim=True), lambda a, b: (a.unsqueeze(-1) * b.unsqueeze(-2)).mean(-1),
    lambda a, b: torch.cat([a[:, :3], b[:, 3:]], -1), lambda a, b: torch.sigmoid(a) * b,
)  # fmt: skip


class Random(holdfast.Cell):
    """A step drawn from a seed: 10 to 60 operations, each on what was there before."""

    def __init__(self, seed: int):
        draw = random.Random(seed)
        states = draw.randint(1, 3)
        super().__init__(SIZE.input, SIZE.hidden, state_sizes={f"h{k}": SIZE.hidden for k in range(states)})
        torch.manual_seed(seed)
        self.weight_ih = nn.Parameter(torch.randn(SIZE.hidden, SIZE.input, dtype=torch.float64))
        self.weights = nn.ParameterList(torch.randn(6, 6, dtype=torch.float64) / 3 for _ in range(3))
        self.vectors = nn.ParameterList(torch.randn(6, dtype=torch.float64) for _ in range(3))
        self.places: list[tuple] = []
        first, last = states + 1, states + draw.randint(10, 60)
        for made in range(first, last + 1):
            kind = draw.choice(("one", "one", "two", "two", "two", "product", "vector"))
            near = [
                draw.randrange(max(0, made - 8), made) if draw.random() < 0.7 else draw.randrange(made) for _ in "ab"
            ]
            self.places.append((kind, draw.randrange(10**6), *near))
        self.results = [draw.randrange(first, last + 1) if k else last for k in range(states)]
        self.bounded = [draw.random() < 0.7 for _ in range(states)]

    def project(self, x):
        return torch.tanh(F.linear(x, self.weight_ih))

    def step(self, p, state):
        values = [p, *state]
        for kind, which, a, b in self.places:
            values.append(tamed(self.operation(kind, which, values[a], values[b])))
        new = [values[k] for k in self.results]
        return tuple(torch.tanh(v) if bounded else v for v, bounded in zip(new, self.bounded, strict=True))

    def operation(self, kind: str, which: int, a: Tensor, b: Tensor) -> Tensor:
        if kind == "one":
            return ONE[which % len(ONE)](a)
        if kind == "two":
            return TWO[which % len(TWO)](a, b)
        if kind == "product":
            return F.linear(a, self.weights[which % 3])
        return a * self.vectors[which % 3] if which % 2 else a + self.vectors[which % 3]


def tamed(a: Tensor) -> Tensor:
    """Numbers of ordinary size."""
    return a / (1 + 0.1 * a * a)


@pytest.fixture(scope="module")
def quick() -> Kernels:
    return Kernels(poison=True, flags=(*FLAGS, "-Og"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(CELLS))
def test_a_random_step_agrees_with_the_reference(quick, seed):
    cell = Random(seed)
    kernel = quick.of(cell)
    assert not isinstance(kernel, str), kernel
    for masked in (False, True):
        work = work_for(cell, SIZE, ragged=masked, resets=masked)
        difference, where = worst(results(Compiled(quick), cell, work), results(Reference(), cell, work))
        assert difference < 1e-9, where
