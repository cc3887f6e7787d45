"""Records made readable: tables, figures and one page. Nothing here looks at anything but the records.

The exception is `draw_gates`, which draws the gates of a layer.
"""

from holdfast.report.comparison import Comparison, Row
from holdfast.report.gate_shapes import draw_gates
from holdfast.report.grouping import comparisons
from holdfast.report.probed import draw_probes
from holdfast.report.records import read_run, read_runs
from holdfast.report.run import Run
from holdfast.report.write import write_report

__all__ = [
    "Comparison",
    "Row",
    "Run",
    "comparisons",
    "draw_gates",
    "draw_probes",
    "read_run",
    "read_runs",
    "write_report",
]
