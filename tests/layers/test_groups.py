"""Layers are listed under what they are."""

from holdfast.cells import MLSTM, LinearCell
from holdfast.layers import CATALOGUE


def test_only_cells_that_are_linear_in_their_memory_are_listed_as_linear():
    """All that have a parallel scan, and mLSTM, whose memory is too wide for one."""
    listed = {name for name, entry in CATALOGUE.items() if entry.group == "linear"}
    assert listed == {name for name, entry in CATALOGUE.items() if issubclass(entry.cell, LinearCell | MLSTM)}


def test_what_feeds_its_output_back_is_listed_where_it_belongs():
    assert CATALOGUE["statistical-ru"].group == "multi-scale"
    assert CATALOGUE["slstm"].group == CATALOGUE["sru"].group == "gates"
