"""How numbers are written, the same in every table, sentence and figure."""

import math

THIN = "\u202f"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PERCENTAGES = frozenset({"accuracy", "openness"})


def count(value: float) -> str:
    """A whole number with thin spaces between the thousands: 12 500."""
    return f"{round(value):,}".replace(",", THIN)


def plain(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: 0.0123, 1.2×10⁻⁵, 1 240."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if abs(value) >= 10**digits:
        return count(value)
    if abs(value) < 1e-3:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def measure(name: str, value: float, spread: float | None = None) -> str:
    """A measure as its readers know it: accuracy and openness in percent, a loss as a number; ± where it is given."""
    if name in PERCENTAGES:
        decimals = _decimals_of_percent(value)
        within = "" if spread is None else f" ± {100 * spread:.{decimals}f}"
        return f"{100 * value:.{decimals}f}{within}{THIN}%"
    return plain(value) if spread is None else _with_spread(value, spread)


def _decimals_of_percent(value: float) -> int:
    """Two, or as many as tell the fraction from none and from all, up to six: 99.998 %, but 100.00 % of all."""
    distance = min(abs(value), abs(1 - value))
    return min(max(2, math.ceil(-math.log10(distance)) - 2), 6) if distance > 0 else 2


def _with_spread(value: float, spread: float) -> str:
    """Both with as many decimals as give the spread two digits, and the value at most four: 0.0096 ± 0.0062."""
    if not spread:
        return f"{plain(value)} ± 0"
    exponent = math.floor(math.log10(max(abs(value), spread)))
    decimals = min(1 - math.floor(math.log10(spread)), 3 - exponent)
    if exponent >= -3:
        return f"{value:.{max(decimals, 0)}f} ± {spread:.{max(decimals, 0)}f}"
    scale = 10.0**exponent
    power = f"×10{str(exponent).translate(_SUPERSCRIPT)}"
    return f"({value / scale:.{decimals + exponent}f} ± {spread / scale:.{decimals + exponent}f}){power}"


def level(name: str, value: float) -> str:
    """A fixed value of a measure, such as chance: with no more digits than it needs."""
    return f"{100 * value:.3g}{THIN}%" if name in PERCENTAGES else plain(value)


def published(name: str, value: float, spread: float | None = None) -> str:
    """The same for a number out of a paper, with no more digits than the paper gives."""
    scale, unit = (100, f"{THIN}%") if name in PERCENTAGES else (1, "")
    with_spread = "" if spread is None else f" ± {scale * spread:.6g}"
    return f"{scale * value:.6g}{with_spread}{unit}"


def seconds(value: float) -> str:
    """Seconds of training: one decimal below ten, whole ones above."""
    return f"{value:.1f}" if value < 10 else count(value)


def mebibytes(value: float) -> str:
    """Bytes of memory in units of 2^20."""
    return count(value / 2**20)


def times(number: int, noun: str) -> str:
    """1 run, 3 runs."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def listed(words: list[str]) -> str:
    """a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
