"""Keeps the table in README.md that of the records in results/.

Run by `make results`: python docs/readme_results.py runs/demo
copies the records of a folder of runs, without weights, into results/, and writes their table into README.md.
"""

import re
import shutil
import sys
from pathlib import Path

from holdfast.report import comparisons, read_runs
from holdfast.report.keep import take
from holdfast.report.markdown import results_markdown
from holdfast.report.page import sections

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
BETWEEN_MARKS = re.compile(r"(?<=<!-- results -->\n).*?(?=<!-- /results -->)", re.DOTALL)


def table() -> str:
    """The table of the demo's records, in Markdown."""
    return results_markdown(sections(comparisons(read_runs([RESULTS / "demo"]))))


def copy_records(runs: Path) -> None:
    """Replace results/<name of the folder> by its records."""
    shutil.rmtree(RESULTS / runs.name, ignore_errors=True)
    take(runs, RESULTS / runs.name)


def write_readme() -> None:
    """Put the table between the marks in README.md."""
    readme = ROOT / "README.md"
    found = table()
    readme.write_text(BETWEEN_MARKS.sub(lambda _: f"\n{found.strip()}\n\n", readme.read_text()))


if __name__ == "__main__":
    copy_records(Path(sys.argv[1]))
    write_readme()
