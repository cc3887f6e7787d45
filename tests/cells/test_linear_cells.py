"""What sets linear recurrences apart: forms that must agree, closed forms, and what they refuse."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import holdfast
from holdfast.backends.reference import unroll_segment
from holdfast.cells import LINEAR, LRU, MLSTM, RGLRU, SLSTM, SRU, MinGRU, MinLSTM, StatisticalRU

KIND = {"dtype": torch.float64}


@pytest.fixture
def x():
    return 2 * torch.randn(40, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def unrolled(cell, x: Tensor) -> Tensor:
    """The outputs, from a state of zeros."""
    return unroll_segment(cell, x, cell.initial_state(x.shape[1], like=x), None, None)[0]


def log_space_scan(log_a: Tensor, log_b: Tensor) -> Tensor:
    """The paper's: h = exp(A + logcumsumexp(log b - A)), with A the running sum of log a."""
    total = log_a.cumsum(0)
    return (total + (log_b - total).logcumsumexp(0)).exp()


def log_g(n: Tensor) -> Tensor:
    return torch.where(n >= 0, (n.clamp(min=0) + 0.5).log(), n.sigmoid().log())


def test_the_log_space_of_min_gru_is_the_papers(x):
    cell = MinGRU(5, 6, space="log", **KIND)
    z, n = F.linear(x, cell.weight_ih, cell.bias).chunk(2, -1)
    expected = log_space_scan(-F.softplus(z), -F.softplus(-z) + log_g(n))
    torch.testing.assert_close(unrolled(cell, x), expected, rtol=1e-9, atol=1e-9)


def test_the_log_space_of_min_lstm_is_the_papers(x):
    cell = MinLSTM(5, 6, space="log", **KIND)
    f, i, n = F.linear(x, cell.weight_ih, cell.bias).chunk(3, -1)
    d = F.softplus(-f) - F.softplus(-i)
    expected = log_space_scan(-F.softplus(d), -F.softplus(-d) + log_g(n))
    torch.testing.assert_close(unrolled(cell, x), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", [MinGRU, MinLSTM])
def test_both_spaces_agree_where_candidates_are_positive_already(cell, x):
    linear, log = cell(5, 6, **KIND), cell(5, 6, space="log", **KIND)
    candidate = linear.block("candidate")
    with torch.no_grad():
        linear.weight_ih[candidate] = 0  # n the same at each step, so that g(n) can be put into the bias of the other
        log.load_state_dict(linear.state_dict())
        linear.bias[candidate] = log_g(log.bias[candidate]).exp()
    torch.testing.assert_close(unrolled(log, x), unrolled(linear, x), rtol=1e-12, atol=1e-12)


def test_the_gates_of_min_lstm_add_up_to_1_even_where_both_are_closed():
    cell = MinLSTM(1, 1, **KIND)
    p = torch.tensor([[-900.0, -901.0, 1.0]], dtype=torch.float64)
    keep, write = cell.coefficients(p)
    assert keep.item() == pytest.approx(1 / (1 + math.exp(-1)))
    assert (keep + write).item() == pytest.approx(1)


def test_an_lru_is_the_sum_of_its_echoes(x):
    cell = LRU(5, 6, state_size=7, **KIND).requires_grad_(False)
    rate = (-cell.nu.exp() + 1j * cell.theta.exp()).exp()
    b = torch.complex(cell.weight_ih[:7], cell.weight_ih[7:14]) * cell.gamma.exp().unsqueeze(1)
    c = torch.complex(cell.weight_re, cell.weight_im)
    driven = x.to(b.dtype) @ b.T
    for t in (0, 1, 17, 39):
        powers = rate ** (t - torch.arange(t + 1)).unsqueeze(1)
        h = (powers.unsqueeze(1) * driven[: t + 1]).sum(0)
        expected = (h @ c.T).real + x[t] @ cell.weight_ih[14:].T
        torch.testing.assert_close(unrolled(cell, x)[t], expected, rtol=1e-9, atol=1e-9)


def test_an_slstm_is_a_weighted_mean_whatever_its_pre_activations_are(x):
    cell = SLSTM(5, 6, **KIND)
    with torch.no_grad():
        cell.weight_ih.mul_(100)
    output = unrolled(cell, x)
    assert output.isfinite().all()
    assert output.abs().max() <= 1


def test_an_slstm_whose_first_input_gate_is_closed_outputs_the_first_candidate_all_the_same():
    cell = SLSTM(1, 1, dtype=torch.float32)
    with torch.no_grad():
        cell.weight_ih.zero_()
        cell.bias.copy_(torch.tensor([-500.0, 0.0, 1.0, 50.0]))
    output = unrolled(cell, torch.zeros(3, 1, 1)).flatten()
    torch.testing.assert_close(output, torch.full((3,), math.tanh(1)))
    (gradient,) = torch.autograd.grad(unrolled(cell, torch.zeros(3, 1, 1)).sum(), cell.bias)
    assert gradient.isfinite().all()


def test_an_mlstm_answers_a_query_with_what_was_stored_under_the_key():
    cell = MLSTM(2, 4, **KIND)
    d = 4
    keys, values = torch.eye(d, **KIND), torch.randn(d, d, **KIND)
    closed, open_, most = -60.0, 60.0, 0.0

    def step(state, key, value, query, write):
        gates = torch.tensor([write, open_], **KIND)
        p = torch.cat([query * math.sqrt(d), key * math.sqrt(d), value, torch.full((d,), open_, **KIND), gates])
        return cell.next_state(p.unsqueeze(0), state)

    state = cell.initial_state(1, like=values)
    for key, value in zip(keys, values, strict=True):
        state = step(state, key, value, key, most)
    for key, value in zip(keys, values, strict=True):
        found = step(state, keys[0], values[0], key / math.sqrt(d), closed).h[0]
        torch.testing.assert_close(found, value, rtol=1e-9, atol=1e-9)


def test_an_sru_as_wide_as_its_input_passes_it_by():
    narrow, wide = SRU(6, 6, highway_bias=-1.0, **KIND), SRU(6, 6, highway_bias=-1.0, **KIND)
    wide.block_sizes["skip"] = 6
    alpha = math.sqrt(1 + 2 * math.exp(-1))
    wide.weight_ih.data = torch.cat([narrow.weight_ih.data, alpha * torch.eye(6, **KIND)])
    wide.peephole.data, wide.bias.data = narrow.peephole.data, narrow.bias.data
    x = torch.randn(5, 2, 6, **KIND)
    torch.testing.assert_close(unrolled(narrow, x), unrolled(wide, x))


def test_a_constant_input_settles_at_every_scale_of_a_statistical_unit():
    cell = StatisticalRU(2, 4, summary_size=1, scales=(0.0, 0.5, 0.9), **KIND).requires_grad_(False)
    cell.weight_statistics.zero_()
    x = torch.ones(300, 1, 2, **KIND)
    state = unroll_segment(cell, x, cell.initial_state(1, like=x), None, None)[1]
    phi = cell.project(x[0]).relu()
    torch.testing.assert_close(state.mu, torch.cat([phi, phi, phi], -1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", LINEAR)
def test_the_memory_of_a_linear_cell_is_linear_in_its_past(cell):
    made = cell(3, 4, **KIND)
    p = made.project(torch.randn(2, 3, **KIND))
    a, b = (made.make_state([torch.randn(2, n, **KIND) for n in made.state_sizes.values()]) for _ in range(2))
    middle = made.make_state([2 * left - right for left, right in zip(a, b, strict=True)])
    after = [made.next_state(p, state)[-1] for state in (a, b, middle)]
    torch.testing.assert_close(after[2], 2 * after[0] - after[1])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("min-gru", {"space": "logarithmic"}, r"space must be 'linear' or 'log', got 'logarithmic'"),
        ("lru", {"r_min": 0.9, "r_max": 0.5}, r"0 <= r_min < r_max <= 1, got r_min=0\.9, r_max=0\.5"),
        ("lru", {"max_phase": 0.0}, r"max_phase must be an angle above 0"),
        ("rg-lru", {"heads": 4}, r"heads must be a whole number that divides hidden_size 6, got 4"),
        ("rg-lru", {"r_max": 1.0}, r"0 < r_min < r_max < 1"),
        ("slstm", {"heads": 0}, r"divides hidden_size 6, got 0"),
        ("slstm", {"depth": 2.0}, r"depth must lie between 0, the first layer, and 1"),
        ("mlstm", {"heads": 5}, r"divides hidden_size 6, got 5"),
        ("statistical-ru", {"scales": (0.5, 1.0)}, r"scales must be numbers from 0 to below 1"),
        ("statistical-ru", {"scales": ()}, r"at least one"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(name, options, message):
    with pytest.raises(ValueError, match=message):
        holdfast.make(name, 3, 6, **options)


def test_an_rg_lru_at_the_edge_of_its_range_has_finite_gradients():
    cell = RGLRU(1, 2, dtype=torch.float32)
    p = torch.tensor([[1.0, 1.0, -200.0, 200.0, 0.0, 0.0]], requires_grad=True)
    a, b = cell.coefficients(p)
    gradients = torch.autograd.grad((a + b).sum(), [p, cell.decay])
    assert all(gradient.isfinite().all() for gradient in gradients)
