"""From folders of runs to a folder with the report."""

import re
from collections.abc import Sequence
from pathlib import Path

from holdfast.report import figures
from holdfast.report.grouping import comparisons
from holdfast.report.markdown import results_markdown
from holdfast.report.page import Section, render, sections
from holdfast.report.records import read_runs
from holdfast.report.results import results_json
from holdfast.training.files import place_all

PAGE = "index.html"


def write_report(folders: Sequence[Path], out: Path) -> Path:
    """Compares all runs under the folders, and writes what it finds.

    All is made before anything is written, and each file replaces an earlier one whole, the page last.

        index.html                one page that holds all it needs
        results.md, results.json  the tables for a README, and for programs
        figures/                  the learning curves as SVG and PNG; those of an earlier report are removed

    Args:
        folders: where to look for runs, at any depth.
        out: the folder of the report; made if it is not there.

    Returns:
        The path of index.html.

    Raises:
        ValueError: no run is found, one cannot be read, or `out` cannot be written.
    """
    files = _files(sections(comparisons(read_runs([Path(folder) for folder in folders]))))
    out = Path(out)
    try:
        place_all(files, out)
        for drawing in {path for path in (out / "figures").iterdir() if path.suffix in (".svg", ".png")}:
            if f"figures/{drawing.name}" not in files:
                drawing.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ValueError(f"expected a folder to write the report into, got {out} ({reason}); choose another") from error
    return out / PAGE


def _files(parts: Sequence[Section]) -> dict[str, bytes]:
    """Every file of the report by its path; the page last."""
    texts = {"results.md": results_markdown(parts), "results.json": results_json(parts)}
    drawings: dict[str, bytes] = {}
    for part in parts:
        figure = figures.draw(part.comparison, part.looks, figures.FILE)
        name = f"figures/{part.number}-{_slug(part.comparison.title)}"
        drawings[f"{name}.svg"] = figures.svg(figure).encode()
        drawings[f"{name}.png"] = figures.png(figure)
    page = render(parts).encode()
    return {name: text.encode() for name, text in texts.items()} | drawings | {PAGE: page}


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
