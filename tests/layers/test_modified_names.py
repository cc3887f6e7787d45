"""Names with a modifier before that of a cell."""

import pytest
import torch

from holdfast import make
from holdfast.cells import NRU, GatedGRU, Refine, WeightDrop, Zoneout
from holdfast.layers import CATALOGUE, MODIFIERS, known, lookup


def test_a_modifier_stands_before_any_name_with_the_options_of_both():
    layer = make("zoneout-nru", 3, 5, memory_size=9, heads=1, output_rate=0.4, num_layers=2)
    for cell in layer.cells:
        assert isinstance(cell, Zoneout)
        assert isinstance(cell.inner, NRU)
        assert (cell.output_rate, cell.inner.memory_size) == (0.4, 9)
    assert set(lookup("zoneout-nru").cell_options()) > {"memory_size", "output_rate", "memory_rate"}
    with pytest.raises(ValueError, match="'zoneout-nru' has no option 'memory_sise'; did you mean 'memory_size'"):
        make("zoneout-nru", 3, 5, memory_sise=9)
    with pytest.raises(ValueError, match="SLSTM can't have zoneout"):
        make("zoneout-slstm", 3, 4)


def test_the_initialisation_of_the_name_is_kept():
    assert lookup("weight-drop-chrono-lstm").required() == ["t_max"]
    (cell,) = make("weight-drop-chrono-lstm", 3, 64, t_max=1000).cells
    assert isinstance(cell, WeightDrop)
    assert cell.inner.bias[cell.inner.block("forget")].mean() > 4
    ur = make("zoneout-ur-gru", 3, 64).cells[0].inner
    assert isinstance(ur, GatedGRU)
    assert isinstance(ur.gate, Refine)
    assert torch.equal(ur.bias[ur.block("refine")], -ur.bias[ur.block("update")])
    assert ur.bias[ur.block("update")].detach().sigmoid().std().item() == pytest.approx(12**-0.5, rel=0.2)


def test_names_of_the_catalogue_are_what_they_are_and_others_are_refused():
    assert all(known(name) is entry for name, entry in CATALOGUE.items())
    assert all(known(f"{modifier}-lstm") is not None for modifier in MODIFIERS)
    assert known("zoneout") is known("zoneout-") is known("zoneout-xyz") is known("zoneoutlstm") is None
    with pytest.raises(ValueError, match="there is no model 'zoneout-xyz'"):
        lookup("zoneout-xyz")
