"""Docstrings as Markdown: prose stays prose, what is indented is an equation, arguments and errors become lists."""

import re

HEADINGS = {"Args": "Arguments", "Returns": "Returns", "Raises": "Errors"}
INDENT = "    "
ENTRY = re.compile(INDENT + r"([\w, .]+): (.*)")


def as_markdown(docstring: str) -> str:
    """A docstring without its own indentation, in Markdown."""
    return "\n\n".join(_block(lines) for lines in _blocks(docstring))


def _blocks(text: str) -> list[list[str]]:
    """Lines that belong together: paragraphs, sections, and equations, through which blank lines may go."""
    found: list[list[str]] = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        lines = part.split("\n")
        if found and _is_equation(lines) and _is_equation(found[-1]):
            found[-1] += ["", *lines]
        else:
            found.append(lines)
    return found


def _is_equation(lines: list[str]) -> bool:
    return all(line.startswith(INDENT) for line in lines if line)


def _block(lines: list[str]) -> str:
    if _is_equation(lines):
        return "\n".join(["```text", *(line.removeprefix(INDENT) for line in lines), "```"])
    heading = HEADINGS.get(lines[0].removesuffix(":"))
    if heading and lines[0].endswith(":") and _is_equation(lines[1:]):
        return "\n".join([f"**{heading}**", "", *_entries(lines[1:])])
    return _prose(" ".join(line.strip() for line in lines))


def _entries(lines: list[str]) -> list[str]:
    """A list of what stands under a heading; a line that is indented more goes on with the one above."""
    entries: list[str] = []
    for line in lines:
        if line.startswith(2 * INDENT) and entries:
            entries[-1] += " " + line.strip()
        else:
            entries.append(line)
    return [_entry(entry) for entry in entries]


def _entry(entry: str) -> str:
    found = ENTRY.fullmatch(entry)
    return f"- `{found[1]}`: {_prose(found[2])}" if found else f"- {_prose(entry.strip())}"


def _prose(text: str) -> str:
    """Text in which nothing but what stands in backticks is marked up."""
    parts = text.split("`")
    return "`".join(part if k % 2 else re.sub(r"([*<\[_])", r"\\\1", part) for k, part in enumerate(parts))
