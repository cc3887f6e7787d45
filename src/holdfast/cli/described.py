"""What the docstrings, the bibliography and the kept numbers of papers say of a model."""

import re
from inspect import getdoc

from holdfast.cells import Cell
from holdfast.citations import reference, references
from holdfast.cli.build import Named
from holdfast.experiments.literature import SEEN_AS
from holdfast.layers import Entry, Recurrent
from holdfast.report.beside import known_of

KEY = re.compile(r"\b[a-z]+\d{4}[a-z]+\b")
"""Of the bibliography."""


def about(docstring: str) -> str:
    """The idea and the equations: what stands before the arguments."""
    return re.split(r"\n(?:Args|Initialisation|Source|Published|Raises):", docstring)[0].strip()


def section(docstring: str, title: str) -> str:
    """The paragraph of a docstring that begins with a title, without it; empty if there is none."""
    found = (paragraph for paragraph in docstring.split("\n\n") if paragraph.startswith(f"{title}:"))
    return next(found, "").removeprefix(f"{title}:").strip()


def start(entry: Named) -> str:
    """How the parameters begin: as the docstring says, or the method that draws them; then by an initialiser."""
    if not isinstance(entry, Entry):
        return section(getdoc(entry.network) or "", "Initialisation") or "as PyTorch's layers"
    chosen = entry.choices.get("cell")
    inner = [*entry.cell_classes()[1:], *([chosen] if isinstance(chosen, type) else [])]
    own = [_drawn(entry.cell), *(f"{cell.__name__}: {_drawn(cell)}" for cell in inner)]
    return "\n".join([*own, *(["Then the initialisation above."] if entry.initialiser else [])])


def _drawn(cell: type[Cell]) -> str:
    """How the parameters of a class of cells begin."""
    said = section(getdoc(cell) or "", "Initialisation")
    return said or about(getdoc(getattr(cell, "reset_parameters", None)) or "as the cell does")


def states(layer: Recurrent) -> str:
    """The parts of a cell's state with their widths, in order; the first is the output."""
    return ", ".join(f"{name} {width}" for name, width in layer._cell(0).state_sizes.items())


def sources(entry: Named) -> str:
    """Who is to be cited, and what the docstrings say of them; `holdfast cite` has the whole entries."""
    cited = [f"{source.short}, “{source.title}”, {source.venue}" for source in map(reference, entry.sources)]
    said = dict.fromkeys(section(text, "Source") for text in entry.parts().values())
    return "\n".join([*cited, *(with_authors(text) for text in said if says_more(text))])


def says_more(text: str) -> bool:
    """Whether a text has words beside keys of the bibliography."""
    return re.search("[A-Za-z]", KEY.sub("", text)) is not None


def with_authors(text: str) -> str:
    """A text with the names of authors for the keys of the bibliography."""
    known = references()
    return KEY.sub(lambda found: known[found[0]].short if found[0] in known else found[0], text)


def published(entry: Named) -> str:
    """What papers report of it."""
    said = [section(text, "Published") for text in entry.parts().values()]
    return "\n".join([*known_of(entry.name), *filter(None, map(with_authors, said))]) or nothing_of(entry.name)


def nothing_of(name: str) -> str:
    """What to say of a model without a number of its own."""
    if name not in SEEN_AS:
        return "nothing that is kept here"
    return f"nothing of its own; `holdfast explain {SEEN_AS[name]}` has what papers report of the one that it varies"
