from itertools import combinations

import numpy as np
import pytest

from holdfast.report import theme
from holdfast.report.swatch import swatch

# How readers without (enough) cones of a kind see linear RGB; Machado, Oliveira and Fernandes 2009, severity 1.
SIGHT = {
    "all colours": np.eye(3),
    "weak green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "weak red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
MODES = ("light", "dark")


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    dark, bright = sorted(float(linear(colour) @ TO_XYZ[1]) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    scaled = TO_XYZ @ rgb / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tone", theme.SERIES, ids=lambda tone: tone.name)
def test_a_curve_stands_out_from_its_background(tone: theme.Tone, mode: str):
    assert contrast(getattr(tone, mode), getattr(theme.PAPER, mode)) >= 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "background"),
    [
        (theme.INK, theme.PAPER),
        (theme.INK, theme.GROUND),
        (theme.INK, theme.ACCENT_SOFT),
        (theme.QUIET, theme.PAPER),
        (theme.QUIET, theme.GROUND),
        (theme.QUIET, theme.SOFT),
        (theme.ACCENT, theme.PAPER),
        (theme.ACCENT, theme.GROUND),
        (theme.ACCENT, theme.ACCENT_SOFT),
        (theme.WARN, theme.WARN_SOFT),
        (theme.BAD, theme.BAD_SOFT),
    ],
    ids=lambda tone: tone.name,
)
def test_text_can_be_read(text: theme.Tone, background: theme.Tone, mode: str):
    assert contrast(getattr(text, mode), getattr(background, mode)) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sight", SIGHT)
def test_two_curves_can_be_told_apart_with_weak_red_or_green(mode: str, sight: str):
    seen = [lab(np.clip(SIGHT[sight] @ linear(getattr(tone, mode)), 0, 1)) for tone in theme.SERIES]
    nearest_of_five = min(np.linalg.norm(a - b) for a, b in combinations(seen[:5], 2))
    nearest = min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))
    assert nearest_of_five > 25
    assert nearest > 15


def test_every_colour_is_another_one():
    """Colours are replaced in drawings by their value: two tones of one value would be one."""
    for tones in ([tone.light for tone in theme.DRAWN], [tone.dark for tone in theme.TONES]):
        assert len(set(tones)) == len(tones)


def test_a_label_keeps_its_look_whatever_the_order():
    assert theme.looks(["b", "a", "c"]) == theme.looks(["c", "c", "b", "a"])


def test_models_beyond_the_colours_get_dashes():
    labels = [f"model {number:02}" for number in range(20)]
    drawn = [(look.tone.name, look.dashes) for look in theme.looks(labels).values()]
    assert len(set(drawn)) == 20


@pytest.mark.parametrize("look", theme.looks(map(str, range(9))).values(), ids=lambda look: look.marker)
def test_every_look_has_a_swatch(look: theme.Look):
    drawn = swatch(look)
    assert f"var(--{look.tone.name})" in drawn
    assert ("stroke-dasharray" in drawn) == (look.dashes != "-")
