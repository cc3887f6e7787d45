"""The bibliography that ships with the package: every `Source:` in a docstring is a key in it.

`references.bib` is written in one plain form, one field a line as `name = {value},`, so a few lines read it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_ENTRY = re.compile(r"^@(?P<kind>\w+)\{(?P<key>[^,\s]+),\n(?P<body>.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(?P<name>\w+)\s*=\s*\{(?P<value>.*)\},?$", re.MULTILINE)


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography.

    Args:
        key: its name in `references.bib`.
        kind: the type of entry, such as "inproceedings".
        fields: title, author, year and the like, in BibTeX's spelling.
        bibtex: the entry as it stands in the file.
    """

    key: str
    kind: str
    fields: Mapping[str, str]
    bibtex: str

    @property
    def title(self) -> str:
        return _plain(self.fields["title"])

    @property
    def venue(self) -> str:
        """Where it appeared: proceedings, journal, institution, or arXiv and its number."""
        for name in ("booktitle", "journal", "institution", "howpublished"):
            if name in self.fields:
                return _plain(self.fields[name])
        return f"arXiv:{self.fields['eprint']}"

    @property
    def authors(self) -> str:
        """All authors as the entry names them, surname last: "Corentin Tallec, Yann Ollivier"."""
        return ", ".join("et al." if name == "others" else " ".join(reversed(name.split(", "))) for name in self._names)

    @property
    def short(self) -> str:
        """The way a text refers to it: "Gu et al. 2020"."""
        surnames = [name.split(", ")[0] for name in self._names]
        who = surnames[0] if len(surnames) == 1 else " & ".join(surnames)
        return f"{who if len(surnames) < 3 else f'{surnames[0]} et al.'} {self.fields['year']}"

    @property
    def _names(self) -> list[str]:
        return self.fields["author"].split(" and ")


@cache
def references() -> Mapping[str, Reference]:
    """All entries of the bibliography, by key, in the order of the file."""
    return MappingProxyType(parse(files("holdfast").joinpath("references.bib").read_text(encoding="utf-8")))


def reference(key: str) -> Reference:
    """The entry of that key.

    Raises:
        ValueError: there is none; the message names the nearest keys.
    """
    known = references()
    if key not in known:
        near = get_close_matches(key, known, n=3, cutoff=0.5)
        hint = f"the nearest are {', '.join(near)}" if near else "references.bib lists them all"
        raise ValueError(f"expected a key of the bibliography, got {key!r}; {hint}")
    return known[key]


def bibtex(key: str) -> str:
    """The BibTeX entry of that key, ready to paste.

    Raises:
        ValueError: there is none; the message names the nearest keys.
    """
    return reference(key).bibtex


def parse(text: str) -> dict[str, Reference]:
    """Reads the text of a bibliography in our plain form.

    Raises:
        ValueError: a key stands there twice, or an entry does not end.
    """
    entries: dict[str, Reference] = {}
    for match in _ENTRY.finditer(text):
        fields = {field["name"].lower(): field["value"] for field in _FIELD.finditer(match["body"])}
        if match["key"] in entries:
            raise ValueError(f"expected each key once, got {match['key']!r} twice; rename or merge the entries")
        entries[match["key"]] = Reference(match["key"], match["kind"], MappingProxyType(fields), match[0])
    begun = len(re.findall(r"^@", text, re.MULTILINE))
    if begun != len(entries):
        raise ValueError(
            f"expected {begun} whole entries, read {len(entries)}; close each with a }} on a line of its own"
        )
    return entries


def _plain(value: str) -> str:
    """Without the braces that protect capitals, and with real dashes and quotation marks."""
    for mark, plain in (("{", ""), ("}", ""), ("--", "–"), ("``", "“"), ("''", "”")):
        value = value.replace(mark, plain)
    return value
