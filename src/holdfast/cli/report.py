"""`holdfast report`: from records to a page."""

from collections.abc import Sequence
from pathlib import Path

from holdfast.cli.parser import Parser
from holdfast.report import write_report


def main(arguments: Sequence[str]) -> int:
    """Writes the page and says where it is."""
    parser = Parser("report", "FOLDER ... [--out FOLDER]", "Makes a page, figures and tables from the records of runs.")
    parser.add_argument("folders", nargs="+", help="where the runs are, at any depth")
    parser.add_argument("--out", type=str, default="report", help="where the report goes")
    values = parser.parse_args(arguments)
    page = write_report([Path(folder) for folder in values.folders], Path(values.out))
    print(f"The report is in {page}")
    return 0
