"""Colours, the same in page and figures, in light and in dark.

The colours were searched for, not picked: each stands out from its background by at least 3:1, and any two stay apart
for readers who see red or green weakly, mostly by lightness. A model keeps its colour on the whole page, and a marker
of its own, so that no reader has to rely on colour.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Tone:
    """One colour in the light and in the dark theme."""

    name: str
    light: str
    dark: str


INK = Tone("ink", "#1b2428", "#e6ebe9")
QUIET = Tone("quiet", "#55626a", "#a3b0b3")
RULE = Tone("rule", "#d9dfdd", "#36424a")
PAPER = Tone("paper", "#ffffff", "#171d21")
GROUND = Tone("ground", "#f5f7f5", "#0f1417")
SOFT = Tone("soft", "#eef2ef", "#1e262b")
ACCENT = Tone("accent", "#17654f", "#7fd1b3")
ACCENT_SOFT = Tone("accent-soft", "#e2efe9", "#1c332c")
WARN = Tone("warn", "#8a4b00", "#f2b869")
WARN_SOFT = Tone("warn-soft", "#fbeeda", "#382b17")
BAD = Tone("bad", "#a3202c", "#f59a9a")
BAD_SOFT = Tone("bad-soft", "#fbe5e5", "#3b1d20")

SERIES = (
    Tone("series-1", "#2081ce", "#3b9bfc"),
    Tone("series-2", "#d7771e", "#c9822f"),
    Tone("series-3", "#1d9d62", "#62e3a3"),
    Tone("series-4", "#7c3a6d", "#bb75af"),
    Tone("series-5", "#6d4806", "#fec94a"),
    Tone("series-6", "#3a50cd", "#c8b7fe"),
    Tone("series-7", "#7f9092", "#dad0d1"),
    Tone("series-8", "#ea2a46", "#d76c7e"),
)
Dashes = str | tuple[int, tuple[float, ...]]
STROKES: tuple[Dashes, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DRAWN = (INK, QUIET, RULE, PAPER, *SERIES)
"""The tones of figures."""
TONES = (*DRAWN, GROUND, SOFT, ACCENT, ACCENT_SOFT, WARN, WARN_SOFT, BAD, BAD_SOFT)


@dataclass(frozen=True)
class Look:
    """How a model is drawn: a colour, a marker, and dashes once the colours are used up."""

    tone: Tone
    marker: str
    dashes: Dashes


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """A look for every label, by alphabet, so that it does not depend on the results."""
    return {label: _look(i) for i, label in enumerate(sorted(set(labels)))}


def _look(i: int) -> Look:
    """Once the colours are used up the dashes change; once the dashes are, the markers move on by one colour."""
    turn = i // len(SERIES)
    marker = (i + turn // len(STROKES)) % len(MARKERS)
    return Look(SERIES[i % len(SERIES)], MARKERS[marker], STROKES[turn % len(STROKES)])
