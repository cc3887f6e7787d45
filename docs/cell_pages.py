"""Writes one page for each layer of the catalogue: the docstring of its cell, its states and start, and a figure.

Run by `make docs`: python docs/cell_pages.py docs/cells
"""

import sys
from pathlib import Path

from cell_figures import UNITS, at_its_start, figure
from docstrings import as_markdown

from holdfast.citations import bibtex
from holdfast.cli.described import start, states
from holdfast.layers import CATALOGUE, Entry, Recurrent
from holdfast.report.beside import known_of
from holdfast.report.figures import svg


def page(entry: Entry, layer: Recurrent, caption: str) -> str:
    """The page of one layer, in Markdown: `layer` is one of `UNITS` units; `caption` says what its figure shows."""
    options = {**entry.cell_options(), **entry.initialiser_options()}
    required = ", ".join(f"{option}=..." for option, p in options.items() if p.default is p.empty)
    call = f'holdfast.make("{entry.name}", input_size, hidden_size{", " + required if required else ""})'
    rows = [f"| `{name}` | {p.default if p.default is not p.empty else 'required'} |" for name, p in options.items()]
    table = ["## Options", "", "| option | default |", "| --- | --- |", *rows, ""] if rows else []
    parts = [
        line
        for title, text in entry.parts().items()
        for line in (f"## {title.capitalize()}", "", as_markdown(text), "")
    ]
    held = ["## States", "", f"With {UNITS} units, the output first: {states(layer)}.", ""]
    begun = ["## Starting values", "", "```text", start(entry), "```", ""]
    known = known_of(entry.name)
    published = ["## Published", "", *(f"- {line}" for line in known), ""] if known else []
    sources = ["## Sources", "", "```bibtex", *(bibtex(key) for key in entry.sources), "```", ""]
    lead = [f"# {entry.name}", "", f"{entry.summary[0].upper()}{entry.summary[1:]}.", "", "```python", call, "```", ""]
    shown = [f"![{caption}]({entry.name}.svg)", "", f"*{caption}*", ""]
    return "\n".join([*lead, *shown, *parts, *held, *begun, *table, *published, *sources])


def index() -> str:
    """The list of all layers, by group."""
    lines = ["# The catalogue", ""]
    for group in dict.fromkeys(entry.group for entry in CATALOGUE.values()):
        members = [entry for entry in CATALOGUE.values() if entry.group == group]
        rows = [f"| [{entry.name}]({entry.name}.md) | {entry.summary} |" for entry in members]
        lines += [f"## {group.capitalize()}", "", "| name | what it is |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Write every page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(index())
    for entry in CATALOGUE.values():
        layer = at_its_start(entry)
        drawn, caption = figure(entry, layer)
        (folder / f"{entry.name}.svg").write_text(svg(drawn))
        (folder / f"{entry.name}.md").write_text(page(entry, layer, caption))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
