"""The results as Markdown, for a README: a table a task, with its footnotes."""

from collections.abc import Collection, Sequence

from holdfast.report import beside, numbers
from holdfast.report.comparison import Row
from holdfast.report.page import Section, short_citation
from holdfast.report.wording import runs_counted, statuses, steps_to_solved_words


def results_markdown(sections: Sequence[Section]) -> str:
    """All tables, each under a heading."""
    return "\n\n".join(_task(section) for section in sections) + "\n"


def _task(section: Section) -> str:
    comparison, literature = section.comparison, section.literature
    header = ["model", *(f"test {name}" for name in section.columns)]
    header += [
        "runs",
        "steps to solved",
        "seconds a run",
        *(["MiB of a step"] if comparison.tells_memory else []),
        "parameters",
        "ended",
    ]
    if literature.entries:
        heading = beside.heading(literature)
        header.append(heading[0].lower() + heading[1:])
    body = [_cells(section, row) for row in comparison.rows]
    right = [name for name in header if name not in ("model", "ended") and not name.startswith("published")]
    table = markdown_table(header, body, aligned_right=right)
    return "\n\n".join([f"### {text(comparison.title)}", *_lead(section), table, *_notes(section)])


def _lead(section: Section) -> list[str]:
    about = section.comparison.description
    return [text(str(about["chance_statement"]))] if about.get("chance_statement") else []


def _cells(section: Section, row: Row) -> list[str]:
    others = ((name, row.over(name)) for name in section.columns[1:])
    cells = [
        text(row.label),
        _value(row, best=row in section.comparison.best),
        *(numbers.measure(name, other.mean, other.spread) if other else "" for name, other in others),
        runs_counted(row),
        steps_to_solved_words(row),
        numbers.seconds(row.seconds.mean) if row.seconds else "",
        *([numbers.mebibytes(row.memory.mean) if row.memory else ""] if section.comparison.tells_memory else []),
        numbers.count(row.parameters) if row.parameters else "",
        ", ".join(words for _, words in statuses(row)),
    ]
    return [*cells, section.published_cell(row)] if section.literature.entries else cells


def _value(row: Row, *, best: bool) -> str:
    if row.result is None:
        return "none yet"
    value = numbers.measure(row.measure, row.result.mean, row.result.spread)
    value += "" if row.split == "test" else " (validation)"
    return f"**{value}** (best)" if best else value


def markdown_table(header: Sequence[str], body: Sequence[Sequence[str]], *, aligned_right: Collection[str]) -> str:
    """A table in Markdown; the columns of these names stand to the right."""
    rule = ["---:" if name in aligned_right else "---" for name in header]
    lines = [header, rule, *body]
    return "\n".join(f"| {' | '.join(cell.replace('|', '∣') for cell in line)} |" for line in lines)


def text(words: str) -> str:
    """Words that a record holds, so that Markdown shows them as they are and reads no HTML in them."""
    return words.replace("&", "&amp;").replace("<", "&lt;")


def _notes(section: Section) -> list[str]:
    literature = section.literature
    sources = ", ".join(dict.fromkeys(short_citation(line.source) for line in section.published))
    notes = ["Mean ± standard deviation over the runs, at each run's best validation checkpoint."]
    if section.published:
        where = "" if literature.same else f" {beside.caution(literature)}"
        notes.append(f"Published by {sources}.{where}")
    if any(beside.MARK in line.reported for line in section.published):
        notes.append(f"{beside.MARK} {beside.FOOTNOTE}.")
    return [" ".join(notes)]
