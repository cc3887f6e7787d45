"""The parallel scan gives the numbers of the loop, for every cell that is linear in its memory."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import holdfast
from compiler.workloads import SMALLEST, Size, build, results, work_for, worst
from holdfast.backends import Compiled, Reference, Scan
from holdfast.backends.choose import choose
from holdfast.backends.recurrence import linear_recurrence
from holdfast.cells import LINEAR, LinearCell
from holdfast.layers import CATALOGUE
from tolerances import assert_close

pytestmark = pytest.mark.filterwarnings("ignore:.*runs on the slow reference")  # where no compiler is pretended

NAMES = [name for name, entry in CATALOGUE.items() if issubclass(entry.cell, LinearCell)]
SIZES = [SMALLEST, Size(7, 3, 5, 6), Size(33, 4, 3, 5)]


class Decay(LinearCell):
    """A memory that halves at each step."""

    def __init__(self, input_size: int, hidden_size: int, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size)
        self.weight = nn.Parameter(torch.ones(hidden_size, input_size, device=device, dtype=dtype))

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight)

    def coefficients(self, p: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full_like(p, 0.5), p


class Squashed(Decay):
    """One with a step of its own."""

    def step(self, p: Tensor, state):
        return (state.h + p).tanh()


def loop(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """The recurrence, step by step."""
    states = []
    for t in range(len(b)):
        h = a[t] * h + b[t]
        states.append(h)
    return torch.stack(states)


def terms(steps: int, dtype: torch.dtype, rows: int = 3) -> list[Tensor]:
    """a, b and h before the first step."""
    generator = torch.Generator().manual_seed(steps)
    shapes = ((steps, rows, 4), (steps, 3, 4), (3, 4))
    return [torch.randn(shape, dtype=dtype, generator=generator).mul(0.6).requires_grad_() for shape in shapes]


def without_compiler(monkeypatch) -> None:
    monkeypatch.setattr(Compiled, "obstacle", lambda *_: "there is no C++ compiler")


def test_the_catalogue_has_every_linear_cell():
    assert {CATALOGUE[name].cell for name in NAMES} == set(LINEAR)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 100])
def test_a_recurrence_is_its_loop_in_values_and_gradients(steps, dtype):
    for rows in (1, 3):
        given = terms(steps, dtype, rows)
        found, expected = linear_recurrence(*given), loop(*given)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
        weights = torch.linspace(-1, 1, found.numel()).view(found.shape)
        slopes = [torch.autograd.grad((h * weights).sum().abs(), given) for h in (found, expected)]
        torch.testing.assert_close(*slopes, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_a_recurrence_can_be_differentiated_twice(dtype):
    given = terms(5, dtype, 1)
    assert torch.autograd.gradcheck(linear_recurrence, given)
    assert torch.autograd.gradgradcheck(linear_recurrence, given)


def test_a_recurrence_leaves_what_it_is_given_as_it_is():
    given = [term.detach() for term in terms(9, torch.float64)]
    before = [term.clone() for term in given]
    linear_recurrence(*given)
    assert all(torch.equal(a, b) for a, b in zip(given, before, strict=True))


def test_a_recurrence_is_as_exact_as_its_loop_over_thousands_of_steps():
    generator = torch.Generator().manual_seed(0)
    a = 1 - 1e-3 * torch.rand(5000, 1, 20, generator=generator)
    b, h = torch.randn(5000, 1, 20, generator=generator), torch.zeros(1, 20)
    exact = loop(a.double(), b.double(), h.double())
    errors = [(found - exact).abs().max() for found in (linear_recurrence(a, b, h), loop(a, b, h))]
    assert errors[0] < 2 * errors[1] < 1e-3


def test_a_factor_of_zero_forgets_all_that_was_before():
    a, b, h = (term.detach() for term in terms(20, torch.float64))
    a[11] = 0
    b[:11] *= 1e200
    torch.testing.assert_close(linear_recurrence(a, b, h)[11:], loop(a, b, h)[11:])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_scan_agrees_with_the_reference(name, size):
    cell = build(name, size.input, size.hidden, dtype=torch.float64)._cell(0)
    for ragged in (False, True):
        for resets in (False, True):
            for segment in (None, 3):
                work = work_for(cell, size, ragged=ragged, resets=resets, segment=segment)
                difference, where = worst(results(Scan(), cell, work), results(Reference(), cell, work))
                assert difference < 1e-12, (where, ragged, resets, segment)


@pytest.mark.parametrize("name", NAMES)
def test_a_deep_bidirectional_layer_agrees_with_the_reference(name):
    options = {"num_layers": 2, "bidirectional": True, "dtype": torch.float64}
    fast, slow = (build(name, 3, 6, backend=backend, **options) for backend in ("scan", "reference"))
    slow.load_state_dict(fast.state_dict())
    x = torch.randn(9, 3, 3, dtype=torch.float64)
    masks = {"lengths": [9, 2, 5], "reset": torch.rand(9, 3) < 0.2}
    for layer in (fast, slow):
        output, _ = layer(x, **masks)
        output.square().sum().backward()
    assert_close(fast(x, **masks), slow(x, **masks))
    assert_close([p.grad for p in fast.parameters()], [p.grad for p in slow.parameters()])


def test_a_layers_gradient_by_scan_can_be_differentiated_again():
    layer = build("lru", 2, 2, backend="scan", dtype=torch.float64)
    x = torch.randn(5, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], x)


@pytest.mark.parametrize("name", NAMES)
def test_a_scan_runs_under_autocast(name):
    layer = build(name, 3, 6, backend="scan")
    x = torch.randn(20, 2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = layer(x)
    output.float().sum().backward()
    torch.testing.assert_close(output.float(), layer(x)[0], rtol=0.1, atol=0.1)


def test_a_cell_of_ones_own_is_scanned_if_it_gives_its_coefficients():
    layer = holdfast.Recurrent(Decay, 1, 1, backend="scan")
    output, state = layer(torch.tensor([1.0, 0, 0, 4]).view(4, 1, 1))
    assert output.flatten().tolist() == [1, 0.5, 0.25, 4.125]
    assert state.item() == 4.125


def test_a_cell_whose_step_is_not_that_of_its_coefficients_is_not_scanned():
    layer = holdfast.Recurrent(Squashed, 1, 1, backend="scan")
    with pytest.raises(ValueError, match="the step of Squashed is not given by coefficients that are linear"):
        layer(torch.zeros(4, 1, 1))
    with pytest.raises(ValueError, match="the step of LSTM is not given"):
        choose("scan", build("lstm", 3, 6)._cell(0))


def test_without_a_compiler_long_sequences_are_scanned_and_explain_says_so(monkeypatch):
    without_compiler(monkeypatch)
    layer = build("min-gru", 3, 6)
    for told in (layer.explain(), layer.explain(torch.zeros(500, 2, 3))):
        assert str(told).startswith("backend scan; not compiled: there is no C++ compiler")


def test_a_loop_is_taken_where_it_was_measured_to_be_as_fast_and_explain_says_why(monkeypatch):
    without_compiler(monkeypatch)
    for name, shape, backend, reason in (
        ("min-gru", (11, 2, 3), "reference", "not scan: over 11 steps a loop is as fast"),
        ("min-gru", (12, 2, 3), "scan", ""),
        ("min-gru", (50, 128, 3), "reference", "not scan: with 128 rows of 64 numbers at a step a loop is as fast"),
        ("min-gru", (50, 127, 3), "scan", ""),
        ("lru", (50, 128, 3), "scan", ""),
    ):
        told = build(name, 3, 64).explain(torch.zeros(shape))
        assert told.backends == (backend,)
        assert reason in str(told)


def test_a_scan_that_is_asked_for_by_name_runs_all_the_same():
    layer = build("min-gru", 3, 6, backend="scan")
    assert layer.explain(torch.zeros(2, 2, 3)).backends == ("scan",)


def test_transforms_are_not_scanned(monkeypatch):
    without_compiler(monkeypatch)
    layer = build("min-gru", 3, 6, dtype=torch.float64)
    x = torch.randn(100, 2, 3, dtype=torch.float64)
    slope = torch.func.grad(lambda x: layer(x)[0].square().sum())(x)
    x.requires_grad_()
    layer(x)[0].square().sum().backward()
    assert_close(slope, x.grad)
