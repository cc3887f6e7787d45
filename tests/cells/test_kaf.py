"""Gates that learn their shape: where they begin, what they keep in float32, and that they fit any gated cell."""

from functools import partial

import pytest
import torch

from holdfast import Recurrent, make
from holdfast.cells import KAF, KAFGRU, KAFLSTM, Cumax, GatedGRU, GatedLSTM, Independent, Refine

WIDE = torch.linspace(-8, 8, 4001, dtype=torch.float64)

# grid size, boundary, bandwidth, ridge: error of K within the grid, of the gate on [-8, 8], largest coefficient
TABLE = [
    (10, 4.0, 8.0, 1e-4, 0.021, 0.012, 41),
    (10, 4.0, 8.0, 1e-6, 0.008, 0.010, 297),
    (10, 4.0, 6.0, 1e-4, 0.029, 0.016, 41),
    (10, 4.0, 6.0, 1e-6, 0.018, 0.015, 82),
    (10, 3.0, 8.0, 1e-4, 0.016, 0.033, 31),
    (20, 4.0, 8.0, 1e-4, 0.016, 0.035, 38),
    (20, 3.0, 8.0, 1e-4, 0.012, 0.071, 29),
]


def coefficients(gate, units=1, seed=0):
    return gate.initial_parameters(units, torch.Generator().manual_seed(seed))["coefficients"].double()


def test_at_the_start_the_gate_differs_from_the_sigmoid_by_at_most_two_hundredths():
    gate = KAF()
    assert (gate(WIDE, coefficients(gate)) - WIDE.sigmoid()).abs().max() <= 0.02


@pytest.mark.parametrize(("size", "boundary", "bandwidth", "ridge", "inside", "outside", "largest"), TABLE)
def test_the_identity_is_as_near_as_the_table_says(size, boundary, bandwidth, ridge, inside, outside, largest):
    gate = KAF(size, boundary, bandwidth, ridge=ridge)
    alpha = coefficients(gate)
    within = WIDE[WIDE.abs() <= boundary]
    kernel_sum = KAF(size, boundary, bandwidth, residual=0.0, ridge=ridge)(within, alpha).logit()
    assert (kernel_sum - within).abs().max() == pytest.approx(inside, abs=1e-3)
    assert (gate(WIDE, alpha) - WIDE.sigmoid()).abs().max() == pytest.approx(outside, abs=1e-3)
    assert alpha.abs().max() == pytest.approx(largest, abs=1)


@pytest.mark.parametrize(("name", "plain"), [("kaf-lstm", "lstm"), ("kaf-gru", "reset-before-gru")])
def test_a_kaf_layer_begins_near_the_plain_one(name, plain):
    layer, other = (
        make(n, 3, 16, backend="reference", generator=torch.Generator().manual_seed(0)) for n in (name, plain)
    )
    same = {k: v for k, v in layer.cells[0].state_dict().items() if "coefficients" not in k}
    other.cells[0].load_state_dict(same)
    x = torch.randn(20, 4, 3, generator=torch.Generator().manual_seed(1))
    assert 0 < (layer(x)[0] - other(x)[0]).abs().max() < 0.02


def test_far_from_the_bumps_the_residual_closes_the_gate_and_without_it_the_gate_is_half_open():
    far = torch.tensor([-40.0, 40.0])
    alpha = coefficients(KAF()).float()
    torch.testing.assert_close(KAF()(far, alpha), (far / 2).sigmoid())
    torch.testing.assert_close(KAF(residual=0.0)(far, alpha), torch.tensor([0.5, 0.5]))


def test_random_coefficients_are_normal_and_decided_by_the_generator():
    gate = KAF(start="random")
    drawn = coefficients(gate, 2000)
    assert drawn.mean().abs() < 0.01
    assert drawn.std() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(drawn, coefficients(gate, 2000))
    assert not torch.equal(drawn, coefficients(gate, 2000, seed=1))


def test_every_unit_and_gate_learns_a_shape_of_its_own():
    cell = KAFLSTM(3, 8)
    shapes = {name: tuple(p.shape) for name, p in cell.named_parameters() if "coefficients" in name}
    assert shapes == {f"{gate}_gate.coefficients": (8, 10) for gate in ("input", "forget", "output")}
    assert (
        sum(p.numel() for p in KAFGRU(3, 8).parameters()) == sum(p.numel() for p in GatedGRU(3, 8).parameters()) + 160
    )


@pytest.mark.parametrize(
    "cell",
    [
        partial(GatedLSTM, gate=KAF()),
        partial(GatedLSTM, gate=Refine(KAF()), memory=Independent(), others=KAF(start="random")),
        partial(GatedGRU, gate=Refine(KAF())),
        partial(GatedGRU, others=KAF(residual=0.0)),
    ],
    ids=repr,
)
def test_a_learnt_gate_fits_any_gated_cell_and_is_learnt(cell):
    layer = Recurrent(cell, 3, 8, backend="reference", generator=torch.Generator().manual_seed(0))
    layer(torch.randn(5, 2, 3))[0].square().sum().backward()
    learnt = {name: p.grad for name, p in layer.named_parameters() if "coefficients" in name}
    assert learnt
    assert all(grad is not None and grad.abs().max() > 0 for grad in learnt.values())


@pytest.mark.parametrize("cell", [GatedLSTM, GatedGRU])
def test_a_gate_over_two_blocks_is_refused_where_there_is_one(cell):
    with pytest.raises(ValueError, match="takes one block"):
        cell(3, 8, gate=Cumax(), others=Refine())


@pytest.mark.parametrize(
    "setting", [{"dictionary_size": 1}, {"boundary": 0.0}, {"bandwidth": -1.0}, {"residual": 1.0}, {"start": "zeros"}]
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        KAF(**setting)


def test_coefficients_stay_in_single_precision_and_give_gates_of_the_cells_own():
    made, converted = (make("kaf-gru", 3, 8, backend="reference", dtype=d) for d in (torch.bfloat16, None))
    converted.to(torch.bfloat16)
    start = coefficients(KAF(), 8).float()
    for layer in (made, converted):
        cell = layer.cells[0]
        assert cell.weight_ih.dtype == torch.bfloat16
        assert torch.equal(cell.update_gate.coefficients, start)
        assert cell.update_gate(torch.zeros(2, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16
        output, _ = layer(torch.randn(4, 2, 3, dtype=torch.bfloat16))
        assert output.dtype == torch.bfloat16
    assert converted.double().cells[0].update_gate.coefficients.dtype == torch.float64


def test_under_autocast_the_sum_over_bumps_is_exact():
    gate, a = KAF(), torch.linspace(-4, 4, 201)
    alpha = coefficients(gate).float()
    with torch.autocast("cpu", torch.bfloat16):
        found = gate(a, alpha)
    torch.testing.assert_close(found, gate(a, alpha))
