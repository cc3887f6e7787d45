"""Layer normalisation around any cell that it can reach."""

import pytest
import torch
import torch.nn.functional as F

from compiler.workloads import build
from holdfast import Recurrent, make
from holdfast.cells import GRU, LSTM, AffineCell, GatedGRU, LayerNorm, LayerNormLSTM, Zoneout
from holdfast.layers.catalogue import distinct
from tolerances import assert_close

INPUT, UNITS, ROWS = 5, 8, 4
REFUSED = {
    "nru": "can't reach the product W_hh h of NRU",
    "cornn": "can't reach the product W_hh h of CoRNN",
    "lem": "can't reach the product W_hh h of LEM",
    "layernorm-lstm": "LayerNormLSTM is normalised already",
    "layernorm-gru": "GRU is normalised already",
}
"""Of those whose pre-activations are W_ih x + b + W_hh h."""


def around(cell):
    return LayerNorm(INPUT, UNITS, cell=lambda *sizes, **kind: cell)


def a_step(cell):
    generator = torch.Generator().manual_seed(1)
    x, *state = [
        torch.randn(ROWS, width, dtype=torch.float64, generator=generator)
        for width in (INPUT, *cell.state_sizes.values())
    ]
    return cell.next_state(cell.project(x), cell.make_state(state))


@pytest.mark.parametrize("name", distinct())
def test_the_scale_of_both_weights_is_taken_away_or_the_cell_is_refused(name):
    opened = {"open_ratio": 1.0} if name == "phased-lstm" else {}
    generator = torch.Generator().manual_seed(0)
    cell = build(name, INPUT, UNITS, dtype=torch.float64, generator=generator, **opened).eval().cells[0]
    if not isinstance(cell.unmodified, AffineCell) or name in REFUSED:
        with pytest.raises(ValueError, match=REFUSED.get(name, "LayerNorm expects a cell of pre-activations")):
            around(cell)
        return
    before, normalised = a_step(cell), around(cell).eval()
    once = a_step(normalised)
    with torch.no_grad():
        for weight in (cell.unmodified.weight_ih, cell.unmodified.weight_hh):
            weight *= 1e4  # far above the epsilon of the norm
    big = a_step(normalised)
    with torch.no_grad():
        for weight in (cell.unmodified.weight_ih, cell.unmodified.weight_hh):
            weight *= 1e4
    torch.testing.assert_close(tuple(a_step(normalised)), tuple(big), rtol=1e-6, atol=1e-6)
    assert any(not torch.allclose(one, other) for one, other in zip(before, once, strict=True))


def test_the_gru_as_published_has_its_candidate_normalised_after_the_reset():
    cell = LayerNorm(INPUT, UNITS, cell=GatedGRU, dtype=torch.float64)
    inner, n = cell.inner, 2 * UNITS
    torch.nn.init.uniform_(inner.norm_ih.weight)
    torch.nn.init.uniform_(inner.norm_hh.weight)
    x, h = torch.randn(ROWS, INPUT, dtype=torch.float64), torch.randn(ROWS, UNITS, dtype=torch.float64)

    def normalised(product, norm, rows):
        return F.layer_norm(product, product.shape[-1:], norm.weight[rows])

    def from_input(rows):
        return normalised(x @ inner.weight_ih[rows].T, inner.norm_ih, rows) + inner.bias[rows]

    gates, candidate = slice(n), slice(n, None)
    pre = from_input(gates) + normalised(h @ inner.weight_hh[gates].T, inner.norm_hh, gates)
    reset, keep = pre.sigmoid().chunk(2, -1)
    read = normalised((reset * h) @ inner.weight_hh[candidate].T, inner.norm_hh, candidate)
    expected = keep * h + (1 - keep) * (from_input(candidate) + read).tanh()
    assert_close(cell.next_state(cell.project(x), cell.make_state([h]))[0], expected)


def test_it_starts_with_the_cells_own_numbers_and_gains_of_one():
    layer = make("layernorm-gru", 3, 8, generator=torch.Generator().manual_seed(0))
    plain = Recurrent(GRU, 3, 8, generator=torch.Generator().manual_seed(0))
    inner = layer.cells[0].inner
    assert_close({n: p for n, p in inner.state_dict().items() if "norm" not in n}, plain.cells[0].state_dict())
    assert (inner.norm_ih.weight == 1).all()
    assert (inner.norm_hh.weight == 1).all()
    assert layer.cells[0].training


def test_a_cell_that_is_not_normalised_saves_what_it_saved():
    assert list(LSTM(3, 4).state_dict()) == ["weight_ih", "weight_hh", "bias"]
    assert {"norm_ih.weight", "norm_hh.weight", "norm_c.weight"} < set(LayerNormLSTM(3, 4).state_dict())


class Own(AffineCell):
    def step(self, p, state):
        return (p + F.linear(state.h, self.weight_hh)).tanh()


def test_a_cell_of_ones_own_is_told_how_it_can_be_normalised():
    with pytest.raises(ValueError, match=r"product W_hh h of Own.* let its step take W_hh h from self.recurrent\(h\)"):
        LayerNorm(3, 4, cell=lambda *sizes, **kind: Own(*sizes, blocks=("candidate",), **kind))


def test_modifiers_stand_within_each_other():
    layer = make("zoneout-layernorm-gru", 3, 6, output_rate=0.5, dtype=torch.float64).eval()
    outer = layer.cells[0]
    assert isinstance(outer, Zoneout)
    assert isinstance(outer.inner, LayerNorm)
    x, h = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 6, dtype=torch.float64)
    (plain,) = outer.inner.next_state(outer.inner.project(x), outer.make_state([h]))
    assert_close(outer.next_state(outer.project(x), outer.make_state([h]))[0], (h + plain) / 2)
