"""Published numbers, cut to fit beside ours: a cell of the table, and the full list with its sources."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from holdfast.citations import reference
from holdfast.experiments import PUBLISHED, Literature, Published
from holdfast.experiments.literature import SEEN_AS, TITLES, setting_words
from holdfast.report import numbers

MARK = "†"
FOOTNOTE = "written down from memory of the paper, not checked against it"


@dataclass(frozen=True)
class Line:
    """One published number with all that is known of it.

    Args:
        model: as the catalogue calls it.
        reported: the number or the outcome, with the mark if it is recalled.
        on: the set, and the settings of the task where they matter.
        source: a key of the bibliography.
        where: the place in it.
        note: what else to know.
    """

    model: str
    reported: str
    on: str
    source: str
    where: str
    note: str


def heading(literature: Literature) -> str:
    """What stands over the column."""
    return "Published" if literature.same else f"Published on another task: {literature.title}"


def caution(literature: Literature) -> str:
    """Why the numbers are not to be laid beside ours as they are."""
    return f"The published numbers are for another task, {literature.title}: {literature.difference}."


def cell(literature: Literature, model: str, measure: str) -> str:
    """What papers report of a model, in a few words: a number, a range, or outcomes; empty if nothing."""
    entries = literature.of(model, measure)
    valued = [entry for entry in entries if entry.value is not None]
    valued = [entry for entry in valued if entry.split == "test"] or valued
    if valued:
        return _range(measure, valued)
    return "; ".join(dict.fromkeys(reported(entry) for entry in entries))


def reported(entry: Published) -> str:
    """One number or outcome, marked if it is recalled."""
    words = entry.outcome if entry.value is None else numbers.published(entry.metric, entry.value, entry.spread)
    return words + MARK * entry.recalled


def lines(literature: Literature, models: Iterable[str]) -> list[Line]:
    """Every published number for these models, and what can be had without memory."""
    wanted = list(dict.fromkeys([*(SEEN_AS.get(model, model) for model in models), "memoryless"]))
    entries = [entry for entry in literature.entries if entry.model in wanted]
    merged: dict[Line, list[str]] = {}
    for entry in sorted(entries, key=lambda entry: wanted.index(entry.model)):
        line = Line(entry.model, reported(entry), "", entry.source, entry.where, entry.note)
        merged.setdefault(line, []).append(_on(entry))
    return [replace(line, on="; ".join(filter(None, places))) for line, places in merged.items()]


def known_of(model: str) -> list[str]:
    """All that papers report of a model, whatever the task, each with where it comes from; a footnote if one needs it.

        permuted MNIST (test): 96.1 %, Chang et al. 2017, quoted in ...; 9 layers of 20 units
        MNIST, pixel by pixel, budget 0.0001 a sequence (test): 97.3 ± 0.2 %, Campos et al. 2018, ...

    Args:
        model: its name; only numbers of its own count, also where it was taught in another way, but not those of one
            that it varies.
    """
    found = []
    for task, title in TITLES.items():
        entries = tuple(entry for entry in PUBLISHED if entry.task == task and _is(model, entry.model))
        found += [(title, line) for line in lines(Literature(title, entries, ""), [entry.model for entry in entries])]
    told = [_told(f"{title}{line.model.removeprefix(model)}", line) for title, line in found]
    return told + [f"{MARK} {FOOTNOTE}"] * any(MARK in line.reported for _, line in found)


def _is(model: str, called: str) -> bool:
    """Whether papers call the model so, be it taught in another way: "skip-lstm, budget 1e-05 a sequence"."""
    return called == model or called.startswith(f"{model}, ")


def _told(title: str, line: Line) -> str:
    on = f" ({line.on})" if line.on else ""
    note = f"; {line.note}" if line.note else ""
    return f"{title}{on}: {line.reported}, {reference(line.source).short}, {line.where}{note}"


def _on(entry: Published) -> str:
    split = entry.split if entry.metric == "accuracy" else ""
    return ", ".join(filter(None, [split, setting_words(entry)]))


def _range(measure: str, entries: list[Published]) -> str:
    checked = [entry for entry in entries if not entry.recalled]
    values = sorted(entry.value for entry in checked or entries if entry.value is not None)
    lowest, highest = numbers.published(measure, values[0]), numbers.published(measure, values[-1])
    validation = " (validation)" if entries[0].split == "validation" else ""
    mark = "" if checked else MARK
    if lowest == highest:
        return f"{lowest}{mark}{validation}"
    return f"{lowest.rstrip('%' + numbers.THIN)} to {highest}{mark}{validation}"
