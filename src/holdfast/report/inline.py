"""A figure's SVG made part of a page: it follows the page's theme and font, and names its curves to whoever points.

Every colour of the theme becomes a CSS variable, so that one drawing serves light and dark. Ids get a prefix, because a
page holds several figures and each id may stand there once.
"""

import re
from html import escape

from holdfast.report.theme import DRAWN

# The id that `curves` gives to a line; XML puts it into single quotes if it holds double ones.
_CURVE = re.compile(r"""<g id=(["'])(?P<name>[^>]*?, (?:seed|median of) [^>]*?)\1>""")


def inline(svg: str, *, prefix: str, title: str, description: str) -> str:
    """The SVG for the body of a page.

    Args:
        svg: as matplotlib writes it.
        prefix: put before every id; another one for every figure of the page.
        title, description: what it shows, for those who cannot see it.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = _CURVE.sub(lambda match: f'<g class="curve"><title>{match["name"]}</title>', body)
    body = _own_ids(body, prefix)
    body = _themed(body)
    box = re.search(r'viewBox="[^"]*"', body)
    assert box, "matplotlib writes a viewBox"
    head = (
        f'<svg {box[0]} role="img" aria-labelledby="{prefix}-title {prefix}-description" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{prefix}-title">{escape(title)}</title>'
        f'<desc id="{prefix}-description">{escape(description)}</desc>'
    )
    return head + body[body.index(">") + 1 :].strip()


def _own_ids(body: str, prefix: str) -> str:
    """Keeps only ids that something refers to, each with the prefix."""
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda match: f' id="{prefix}-{match[1]}"' if match[1] in used else "", body)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", body)


def _themed(body: str) -> str:
    """Colours as variables of the page, each with the light theme's as its fallback, and the page's font."""
    for tone in DRAWN:
        body = body.replace(tone.light, f"var(--{tone.name}, {tone.light})")
    return body.replace("font-family: 'DejaVu Sans'", "font-family: inherit")
