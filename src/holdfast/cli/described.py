"""What the docstrings, the bibliography and the kept numbers of papers say of a model."""

import re
from inspect import getdoc

from holdfast.citations import reference, references
from holdfast.cli.build import Named
from holdfast.experiments.literature import SEEN_AS
from holdfast.layers import Entry
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
    drawn = getattr(entry.cell, "reset_parameters", None)
    own = section(getdoc(entry.cell) or "", "Initialisation") or getdoc(drawn) or "as the cell does"
    return own if entry.initialiser is None else f"{own}\nThen the initialisation above."


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
