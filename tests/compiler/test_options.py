"""Kernels of cells away from their start, and under options that the catalogue leaves at their defaults."""

import pytest
import torch

from holdfast.backends import Compiled, Reference

from .workloads import Size, build, results, work_for, worst

SIZE = Size(7, 3, 4, 6)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("slstm", {"heads": 2}, id="slstm-heads"),
        pytest.param("mlstm", {"heads": 2}, id="mlstm-heads"),
        pytest.param("min-lstm", {"space": "log"}, id="min-lstm-log"),
        pytest.param("lmu", {"memory_size": 5, "theta": 7.0, "feedback": "none"}, id="lmu-without-feedback"),
        pytest.param("eurnn", {"field": "real", "style": "fft"}, id="eurnn-real-fft"),
        pytest.param("exprnn", {"K": 2}, id="dtriv"),
    ],
)
def test_a_kernel_agrees_with_the_reference_away_from_the_start(kernels, name, options):
    cell = build(name, SIZE.input, SIZE.hidden, dtype=torch.float64, **options)._cell(0)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(torch.randn_like(parameter) / 2)
    work = work_for(cell, SIZE, ragged=True, resets=True)
    difference, where = worst(results(Compiled(kernels), cell, work), results(Reference(), cell, work))
    assert difference < 1e-10, where
