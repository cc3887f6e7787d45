"""A model's line and marker as a tiny drawing, for the legend and the tables of the page."""

from markupsafe import Markup

from holdfast.report.theme import Look

# Markers of the figures, drawn around (14, 7) in a box of 28 by 14.
_SHAPES = {
    "o": '<circle cx="14" cy="7" r="3.8"/>',
    "s": '<rect x="10.6" y="3.6" width="6.8" height="6.8"/>',
    "^": '<path d="M14 2.6 18.4 10.6H9.6Z"/>',
    "v": '<path d="M14 11.4 9.6 3.4h8.8Z"/>',
    "D": '<path d="M14 2.2 18.8 7 14 11.8 9.2 7Z"/>',
    "P": '<path d="M12.4 2.6h3.2v2.8h2.8v3.2h-2.8v2.8h-3.2V8.6H9.6V5.4h2.8Z"/>',
    "X": '<path d="M11.4 2.6 14 5.2l2.6-2.6 1.8 1.8L15.8 7l2.6 2.6-1.8 1.8L14 8.8l-2.6 2.6-1.8-1.8L12.2 7 9.6 4.4Z"/>',
    "p": '<path d="M14 2.6 18.4 5.9 16.7 11H11.3L9.6 5.9Z"/>',
}


def swatch(look: Look) -> Markup:
    """The drawing; it says nothing to a screen reader, for the model's name stands beside it."""
    dashes = "" if isinstance(look.dashes, str) else ' stroke-dasharray="{}"'.format(" ".join(map(str, look.dashes[1])))
    colour = f"var(--{look.tone.name})"
    return Markup(
        f'<svg class="swatch" viewBox="0 0 28 14" width="28" height="14" aria-hidden="true" fill="{colour}">'
        f'<path d="M1 7H27" stroke="{colour}" stroke-width="2"{dashes}/>{_SHAPES[look.marker]}</svg>'
    )
