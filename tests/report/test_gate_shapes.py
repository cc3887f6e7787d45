import pytest
import torch

from holdfast import make
from holdfast.report import draw_gates
from holdfast.report.figures import svg
from holdfast.report.gate_shapes import POINTS


def lines(figure):
    return [len(axes.lines) for axes in figure.axes]


def test_units_of_one_shape_are_one_line_and_learnt_shapes_are_one_each():
    cell = make("kaf-gru", 3, 5).cells[0]
    assert lines(draw_gates(cell)) == [2, 2]
    with torch.no_grad():
        cell.reset_gate.coefficients.add_(torch.randn(5, 10, generator=torch.Generator().manual_seed(0)))
    figure = draw_gates(cell)
    assert [axes.get_title() for axes in figure.axes] == ["update gate", "reset gate"]
    assert lines(figure) == [2, 6]
    a = torch.linspace(-8, 8, POINTS)
    drawn = torch.stack([torch.tensor(line.get_ydata()) for line in figure.axes[1].lines[:-1]])
    expected = cell.reset_gate(a.unsqueeze(1).expand(-1, 5)).T.detach()
    torch.testing.assert_close(drawn.sort(0)[0], expected.sort(0)[0])
    assert "pre-activation" in svg(figure)


def test_a_refined_gate_shows_its_band_and_a_gate_over_all_units_has_no_shape():
    assert lines(draw_gates(make("ur-lstm", 3, 5).cells[0])) == [4, 2]
    assert lines(draw_gates(make("cumax-lstm", 3, 5).cells[0])) == [2]
    with pytest.raises(ValueError, match="no gates"):
        draw_gates(make("lstm", 3, 5).cells[0])
