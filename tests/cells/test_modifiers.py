"""Cells that train with chance: what is drawn, that the step is what the paper says, and that nothing is left of it
in evaluation mode."""

import math
from functools import partial

import pytest
import torch

from holdfast import Recurrent, make
from holdfast.backends.reference import unroll_segment
from holdfast.cells import (
    GRU,
    JANET,
    LEM,
    LSTM,
    RHN,
    AffineCell,
    BinaryGateLSTM,
    Cell,
    ClockworkRNN,
    GatedGRU,
    GatedLSTM,
    LayerNormLSTM,
    LeakyRNN,
    NoisyLSTM,
    Refine,
    VariationalDropout,
    WeightDrop,
    Zoneout,
)
from holdfast.initialisers import Chrono
from tolerances import assert_close

STEPS, ROWS, UNITS = 40, 50, 8


def drawn():
    torch.manual_seed(0)
    return torch.randn(STEPS, ROWS, 3, dtype=torch.float64), [torch.randn(ROWS, UNITS, dtype=torch.float64)] * 2


class Average(AffineCell):
    """A step of one's own that carries on what it reads."""

    def __init__(self, *sizes, **kind):
        super().__init__(*sizes, blocks=("candidate",), **kind)
        self.reset_parameters()

    def step(self, p, state):
        return 0.9 * state.h + 0.1 * (p + self.masked(state.h) @ self.weight_hh.mT).tanh()


MODIFIERS = [Zoneout, VariationalDropout, WeightDrop]


@pytest.mark.parametrize("modifier", MODIFIERS)
@pytest.mark.parametrize("cell", [LSTM, GRU, partial(GatedLSTM, gate=Refine())], ids=["lstm", "gru", "refine"])
def test_a_modifier_takes_any_cell_and_its_initialiser(modifier, cell):
    layer = Recurrent(
        partial(modifier, cell=cell),
        3,
        UNITS,
        initialiser=Chrono(20),
        backend="reference",
        generator=torch.Generator().manual_seed(0),
    )
    plain = Recurrent(cell, 3, UNITS, initialiser=Chrono(20), generator=torch.Generator().manual_seed(0))
    assert_close(layer.cells[0].inner.state_dict(), plain.cells[0].state_dict())
    x = torch.randn(9, 4, 3)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])


@pytest.mark.parametrize("modifier", [VariationalDropout, WeightDrop])
def test_dropout_leaves_nothing_behind_in_evaluation_mode(modifier):
    cell = modifier(3, UNITS, dtype=torch.float64).eval()
    x, state = drawn()
    assert_close(unroll_segment(cell, x, state, None, None), unroll_segment(cell.inner, x, state, None, None))


def test_a_unit_that_zones_out_keeps_its_value_bit_for_bit_and_the_others_go_on():
    cell = Zoneout(3, UNITS, output_rate=0.3, memory_rate=0.6, dtype=torch.float64)
    x, state = drawn()
    p = cell.project(x)
    masks = p[..., 4 * UNITS :].split(UNITS, -1)
    assert [mask.detach().mean().item() for mask in masks] == pytest.approx([0.3, 0.6], abs=0.01)
    state = cell.make_state(state)
    new, plain = cell.next_state(p[0], state), cell.inner.next_state(p[0, :, : 4 * UNITS], state)
    for mask, old, went, would in zip(masks, state, new, plain, strict=True):
        kept = mask[0].bool()
        assert torch.equal(went[kept], old[kept])
        assert torch.equal(went[~kept], would[~kept])


def test_without_zoneout_and_without_noise_a_cell_is_the_plain_one():
    x, state = drawn()
    torch.manual_seed(2)
    lstm = LSTM(3, UNITS, dtype=torch.float64)
    expected = unroll_segment(lstm, x, state, None, None)
    zoned = Zoneout(3, UNITS, output_rate=0.0, memory_rate=0.0, dtype=torch.float64)
    zoned.inner.load_state_dict(lstm.state_dict())
    quiet = BinaryGateLSTM(3, UNITS, temperature=1.0, noise_share=0.0, dtype=torch.float64)
    quiet.load_state_dict(lstm.state_dict())
    for cell in (zoned, quiet):
        assert_close(unroll_segment(cell, x, state, None, None), expected)


def test_variational_masks_last_a_sequence_and_differ_by_row():
    cell = VariationalDropout(3, UNITS, output_rate=0.25, dtype=torch.float64)
    x, _ = drawn()
    masks = cell.project(x)[..., 4 * UNITS :]
    assert torch.equal(masks, masks[:1].expand_as(masks))
    assert set(masks.unique().tolist()) == {0.0, 4 / 3}
    assert len({tuple(row.tolist()) for row in masks[0]}) > 10
    silent = VariationalDropout(3, UNITS, input_rate=0.5, output_rate=0.0)
    inputs = torch.ones(5, 200, 3, requires_grad=True)
    gradient = torch.autograd.grad(silent.project(inputs).sum(), inputs)[0]
    assert (gradient == 0).float().mean().item() == pytest.approx(0.5, abs=0.1)
    assert torch.equal(gradient == 0, (gradient == 0)[:1].expand_as(gradient))


@pytest.mark.parametrize(
    "cell", [GRU, GatedGRU, LeakyRNN, JANET, LEM, RHN, ClockworkRNN, Average, partial(Zoneout, cell=GRU)]
)
def test_variational_dropout_leaves_what_is_carried_whole(cell):
    """With weights of 0 nothing of h is read, so that its masks can change nothing."""
    dropped = VariationalDropout(3, UNITS, cell=cell, output_rate=0.5, input_rate=0.0, dtype=torch.float64)
    for name, weight in dropped.named_parameters():
        weight.data.mul_(0.0 if "_hh" in name else 1.0)
    x, state = torch.randn(5, 7, 3, dtype=torch.float64), torch.rand(7, UNITS, dtype=torch.float64)
    others = dropped.initial_state(7, like=state)[1:]
    torch.manual_seed(0)
    masked, _ = unroll_segment(dropped, x, (state, *others), None, None)
    torch.manual_seed(0)
    dropped.output_rate = 0.0
    whole, _ = unroll_segment(dropped, x, (state, *others), None, None)
    assert_close(masked, whole)


def test_variational_dropout_takes_a_cell_without_parameters():
    class Decay(Cell):
        def project(self, x):
            return x

        def step(self, p, state):
            return 0.5 * self.masked(state.h) + p

    cell = VariationalDropout(3, 3, cell=lambda *sizes, **kind: Decay(*sizes), output_rate=0.5, input_rate=0.0)
    _, (h,) = unroll_segment(cell, torch.zeros(1, 100, 3), (torch.ones(100, 3),), None, None)
    assert set(h.unique().tolist()) == {0.0, 1.0}


def test_variational_dropout_is_taken_once():
    with pytest.raises(ValueError, match="LSTM has variational dropout already; take one"):
        VariationalDropout(3, UNITS, cell=VariationalDropout)


def test_dropped_weights_have_no_gradient_and_the_others_are_scaled():
    cell = WeightDrop(3, UNITS, rate=0.5, dtype=torch.float64)
    x, state = drawn()
    output, _ = unroll_segment(cell, x, state, None, None)
    output.sum().backward()
    weight, mask = cell.inner.weight_hh, cell.mask
    assert mask.shape == weight.shape
    assert set(mask.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(weight.grad == 0, mask == 0)
    scaled = LSTM(3, UNITS, dtype=torch.float64)
    scaled.load_state_dict(cell.inner.state_dict())
    scaled.weight_hh.data *= mask
    assert_close(unroll_segment(scaled, x, state, None, None)[0], output.detach())


def test_masks_are_no_part_of_what_is_saved_and_a_drop_of_nothing_is_refused():
    assert set(WeightDrop(3, 4).state_dict()) == {f"inner.{name}" for name in LSTM(3, 4).state_dict()}
    with pytest.raises(ValueError, match="no parameter 'weight_hx'"):
        WeightDrop(3, 4, weight="weight_hx")


@pytest.mark.parametrize(
    ("cell", "setting"),
    [
        (Zoneout, {"output_rate": 1.0}),
        (Zoneout, {"memory_rate": -0.1}),
        (VariationalDropout, {"input_rate": 1.5}),
        (WeightDrop, {"rate": 1.0}),
        (BinaryGateLSTM, {"temperature": 0.0}),
        (BinaryGateLSTM, {"noise_share": 1.1}),
        (NoisyLSTM, {"gate_alpha": 1.0}),
    ],
)
def test_settings_out_of_range_are_refused(cell, setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        cell(3, 4, **setting)


def test_noise_of_binary_gates_is_logistic_and_only_on_input_and_forget_gate():
    for share in (1.0, 0.2):
        cell = BinaryGateLSTM(3, UNITS, noise_share=share, dtype=torch.float64)
        x, _ = drawn()
        noise = cell.project(x) - cell.eval().project(x)
        assert (noise[..., 2 * UNITS :] == 0).all()
        gates = noise[..., : 2 * UNITS]
        assert (gates != 0).double().mean().item() == pytest.approx(share, abs=0.01)
        of_noise = gates[gates.abs() > 1e-12]
        assert of_noise.mean().item() == pytest.approx(0, abs=0.05)
        assert of_noise.std().item() == pytest.approx(math.pi / math.sqrt(3), rel=0.03)


def test_noise_of_activations_is_half_normal_and_touches_saturated_units_only():
    cell = NoisyLSTM(3, UNITS, dtype=torch.float64)
    x, _ = drawn()
    noise = cell.project(x)[..., 4 * UNITS :]
    assert (noise >= 0).all()
    assert noise.mean().item() == pytest.approx(math.sqrt(2 / math.pi), abs=0.01)
    a, e = torch.linspace(-3, 3, 601, dtype=torch.float64), torch.ones(601, dtype=torch.float64)
    free = a.abs() < 1
    louder, quieter = (cell.squash(a, torch.ones_like(a), k * e) for k in (2, 1))
    assert torch.equal(louder[free], quieter[free])
    assert_close(quieter[free], a[free])
    assert ((louder - quieter) * a.sign())[~free & (a.abs() > 1.01)].min() > 0


def test_layer_normalisation_takes_the_scale_of_input_and_state_away():
    cell = LayerNormLSTM(3, UNITS, dtype=torch.float64)
    x, state = drawn()
    x, state = 1e2 * x, cell.make_state([1e2 * state[0], state[1]])  # above the epsilon of the norm
    once = cell.next_state(cell.project(x[0]), state)
    scaled = cell.next_state(cell.project(1e3 * x[0]), state._replace(h=1e3 * state.h))
    torch.testing.assert_close(tuple(once), tuple(scaled), rtol=1e-3, atol=1e-3)
    assert (cell.norm_ih.weight == 1).all()
    assert (cell.norm_c.bias == 0).all()
    torch.manual_seed(0)
    lstm = LSTM(3, UNITS, dtype=torch.float64)
    torch.manual_seed(0)
    assert torch.equal(LayerNormLSTM(3, UNITS, dtype=torch.float64).weight_ih, lstm.weight_ih)


def test_a_modified_cell_that_begins_from_zeros_has_kernels_for_resets():
    layer = make("zoneout-lstm", 3, 4, backend="compiled")
    reset = torch.zeros(5, 2, dtype=torch.bool)
    assert layer.cells[0].unmodified is layer.cells[0].inner
    assert layer.explain(torch.zeros(5, 2, 3), reset=reset).backends == ("compiled",)
