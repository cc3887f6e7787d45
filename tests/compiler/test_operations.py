"""Operations that a step is written with: what torch computes, and every gradient, or a refusal that says why not."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import holdfast
from holdfast.backends import Compiled, Reference
from holdfast.backends.build import CompileError
from holdfast.backends.kernels import Kernels
from holdfast.compiler import Refusal, compile_cell

from .workloads import Size, results, work_for, worst

SIZE = Size(3, 3, 2, 6)


class Steps(holdfast.Cell):
    """Several steps side by side, each with a state of its own: one kernel is quicker to build than many."""

    def __init__(self, steps: list[Callable], input_size: int = 2, hidden_size: int = 6, dtype=torch.float64):
        super().__init__(input_size, hidden_size, state_sizes={f"h{k}": hidden_size for k in range(len(steps))})
        self.steps = steps
        self.weight_ih = nn.Parameter(torch.randn(hidden_size, input_size, dtype=dtype))
        self.weight = nn.Parameter(torch.randn(hidden_size, hidden_size, dtype=dtype) / 2)
        self.bias = nn.Parameter(torch.randn(hidden_size, dtype=dtype))
        self.small = nn.Parameter(torch.randn(3, 3, dtype=dtype) / 2)
        self.slope = nn.Parameter(torch.rand(hidden_size, dtype=dtype))
        self.register_buffer("flags", torch.tensor([True, False, True, True, False, False]))
        self.register_buffer("numbers", torch.tensor([5, 0, 2, 2, 1, 4]))

    def project(self, x):
        return torch.tanh(F.linear(x, self.weight_ih))

    def step(self, p, state):
        return tuple(torch.tanh(p + step(self, p, h)) for step, h in zip(self.steps, state, strict=True))


def thirds(h: Tensor) -> Tensor:
    """(B, 6) as (B, 2, 3)."""
    return h.view(-1, 2, 3)


OPERATIONS: dict[str, dict[str, Callable]] = {
    "extrema": {
        "amax": lambda c, p, h: p * h.amax(-1, keepdim=True),
        "amin": lambda c, p, h: p * h.amin(-1, keepdim=True),
        "max": lambda c, p, h: p * h.max(-1, keepdim=True).values,
        "max of equals": lambda c, p, h: p * F.relu(h - 2).max(-1)[0].unsqueeze(-1),
        "min": lambda c, p, h: p * thirds(h).min(-2)[0].repeat(1, 2),
        "clamp by tensors": lambda c, p, h: h.clamp(-c.slope, p.abs()),
        "clamp by one tensor": lambda c, p, h: h.clamp(min=p),
    },
    "masks": {
        "mask times": lambda c, p, h: (h > 0) * p,
        "times mask": lambda c, p, h: h * (h > p),
        "mask into a product": lambda c, p, h: F.linear(h * (h > 0), c.weight),
        "counted": lambda c, p, h: p * ((h > 0) & (p > 0)).sum(-1, keepdim=True),
        "mean": lambda c, p, h: p * (h > 0).to(h.dtype).mean(-1, keepdim=True),
        "reshaped": lambda c, p, h: torch.where(thirds(h > 0), thirds(h), thirds(p)).flatten(1),
        "any": lambda c, p, h: torch.where((h > 0).any(-1, keepdim=True), p, h),
        "all": lambda c, p, h: torch.where((thirds(h) > 0).all(-1, keepdim=True), thirds(p), thirds(h)).flatten(1),
        "one or the other": lambda c, p, h: torch.where((h > 0) ^ (p > 0), p, h),
        "kept in a buffer": lambda c, p, h: torch.where(c.flags, p, h * c.numbers) + c.flags * p,
        "lerp": lambda c, p, h: torch.lerp(h, p, 0.1) * torch.lerp(h, p, 0.7),
        "lerp by a tensor": lambda c, p, h: torch.lerp(h, p, torch.sigmoid(c.bias)),
    },
    "products": {
        "einsum": lambda c, p, h: torch.einsum("bi,ij->bj", h, c.weight) + torch.einsum("bi, ji -> bj", h, c.weight),
        "einsum of rows": lambda c, p, h: p * torch.einsum("bi,bi->b", h, p).unsqueeze(-1),
        "einsum of three": lambda c, p, h: p * torch.einsum("bi,bj,ij->b", h, p, c.weight).unsqueeze(-1),
        "einsum by blocks": lambda c, p, h: torch.einsum("bgi,gio->bgo", thirds(h), c.weight[:3].view(2, 3, 3)).flatten(
            1
        ),
        "einsum within": lambda c, p, h: torch.einsum("ij,bnj->bin", c.small, thirds(h)).flatten(1),
        "vector": lambda c, p, h: p * (h @ c.bias).unsqueeze(-1),
        "many vectors": lambda c, p, h: (thirds(h) @ c.small[0]).repeat(1, 3),
        "matrix of rows": lambda c, p, h: (thirds(h) @ c.small).flatten(1),
        "matrix of rows, behind": lambda c, p, h: (c.small @ h.view(-1, 3, 2)).flatten(1),
        "linear of rows": lambda c, p, h: F.linear(thirds(h), c.small, c.bias[:3]).flatten(1),
        "shared by places": lambda c, p, h: (thirds(h) * c.slope[:3]).flatten(1),
        "prod": lambda c, p, h: p + h.prod(-1, keepdim=True) + thirds(h).prod(1).repeat(1, 2),
        "cumprod": lambda c, p, h: p * h.cumprod(-1),
    },
    "places": {
        "roll": lambda c, p, h: h.roll(1, -1) + h.roll(-2, 1),
        "repeat": lambda c, p, h: p * h[:, :3].repeat(1, 2),
        "repeat_interleave": lambda c, p, h: p * h[:, 1:4].repeat_interleave(2, -1),
        "pad": lambda c, p, h: p * F.pad(h[:, :4], (1, 1)) * F.pad(h[:, 1:], (-1, 2), value=1.5),
        "every second": lambda c, p, h: torch.cat([h[:, ::2], h[:, 1::2]], -1),
        "every third from the second": lambda c, p, h: p * torch.cat([h[:, 1::3], h[:, :4]], -1),
        "put at every second": lambda c, p, h: torch.slice_scatter(p, h[:, ::2], 1, 1, None, 2),
        "picked": lambda c, p, h: h[:, [5, 0, 2, 2, -1, 4]],
    },
    "functions": {
        "exp2": lambda c, p, h: torch.exp2(h) * 2**p,
        "tan, atan": lambda c, p, h: torch.tan(h) * torch.atan(p),
        "asin, acos": lambda c, p, h: torch.asin(h.tanh()) * torch.acos(p * 0.9),
        "sinh, cosh": lambda c, p, h: torch.sinh(h) * torch.cosh(p),
        "asinh, atanh": lambda c, p, h: torch.asinh(h) * torch.atanh(p * 0.9),
        "logarithms": lambda c, p, h: torch.log2(1.1 + p.abs()) * torch.log10(1.1 + h.abs()),
        "atan2": lambda c, p, h: torch.atan2(p, h),
        "hypot": lambda c, p, h: torch.hypot(p, h),
        "erfc": lambda c, p, h: torch.erfc(h),
        "whole numbers": lambda c, p, h: p * torch.ceil(h * 3) * torch.round(h * 3) + torch.trunc(p * 3),
        "frac": lambda c, p, h: torch.frac(h * 3),
        "remainder": lambda c, p, h: torch.remainder(h, 0.7) * torch.fmod(p, 0.3) + torch.remainder(h, c.slope + 0.1),
    },
    "norms": {
        "prelu": lambda c, p, h: F.prelu(h, c.slope) * F.prelu(p, c.bias[:1]),
        "group_norm": lambda c, p, h: F.group_norm(h, 2, c.bias, c.slope),
        "shrink": lambda c, p, h: F.softshrink(p + h, 0.2) + F.hardshrink(p - h, 0.2),
    },
}


def differences(kernels: Kernels, steps: list[Callable]) -> tuple[float, str]:
    """How far a kernel is off the reference, at worst."""
    cell = Steps(steps)
    kernel = kernels.of(cell)
    assert not isinstance(kernel, str), kernel
    work = work_for(cell, SIZE, ragged=True)
    return worst(results(Compiled(kernels), cell, work), results(Reference(), cell, work))


@pytest.mark.parametrize("family", OPERATIONS)
def test_operations_have_the_values_and_gradients_of_torch(kernels, family):
    difference, where = differences(kernels, list(OPERATIONS[family].values()))
    assert difference < 1e-10, f"{where}, of {list(OPERATIONS[family])}"


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, *gradients):
        return 3 * gradients[0]


REFUSED: dict[str, tuple[Callable, str]] = {
    "a function of autograd": (lambda c, p, h: Doubled.apply(h), "autograd.Function, into whose derivative"),
    "a look-up": (lambda c, p, h: h.index_select(-1, c.numbers), "index_select is not an operation that the compiler"),
    "a product over the batch": (lambda c, p, h: p @ (h.T @ p), "mm mixes rows"),
    "an equation over the batch": (lambda c, p, h: p @ torch.einsum("bi,bj->ij", h, p), "moves it"),
    "the greatest of the batch": (lambda c, p, h: p + h.max(0).values, "max is not an operation"),
    "rows as columns": (lambda c, p, h: F.linear(h.view(-1, 3), c.small).view(-1, 6), "view joins the batch"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_has_a_true_reason_and_the_line(case):
    step, reason = REFUSED[case]
    with pytest.raises(Refusal, match=rf"{reason}.*line \d+ of test_operations.py"):
        compile_cell(Steps([step]), from_input=False)


def test_a_state_that_is_a_mask_is_refused():
    cell = Steps([lambda c, p, h: h])
    cell.step = lambda p, state: (state[0] > 0,)
    with pytest.raises(Refusal):
        compile_cell(cell, from_input=False)


@pytest.mark.parametrize(
    ("flags", "blame"), [("", "a defect of holdfast"), ("-Og", "HOLDFAST_CXXFLAGS='-Og' is wrong")]
)
def test_cpp_that_does_not_compile_is_a_defect_of_ours_and_the_reference_runs(monkeypatch, flags, blame):
    def fail(source, *, name, flags=None):
        raise CompileError(name, source, "kernel.cpp:7:40: error: invalid operands to binary *\nthe command was: g++")

    monkeypatch.setattr("holdfast.backends.kernel.load", fail)
    monkeypatch.setenv("HOLDFAST_CXXFLAGS", flags)
    kernels, cell = Kernels(), Steps([lambda c, p, h: p + h])
    obstacle = str(kernels.of(cell))
    assert blame in obstacle
    assert "kernel.cpp" not in obstacle
    assert "\n" not in obstacle
