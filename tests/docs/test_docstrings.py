"""Docstrings become Markdown."""

import runpy
from pathlib import Path

as_markdown = runpy.run_path(str(Path(__file__).parents[2] / "docs/docstrings.py"))["as_markdown"]

DOCSTRING = """A memory c, kept by `one_gate`; with [0, 1) and
a * b < c on two lines.

    h_t = c_t

    c_t = f c_{t-1}

Args:
    size: units H,
        at least 1.
    a, b: both.

Raises:
    ValueError: it is 0.

Source: here.
"""

MARKDOWN = r"""A memory c, kept by `one_gate`; with \[0, 1) and a \* b \< c on two lines.

```text
h_t = c_t

c_t = f c_{t-1}
```

**Arguments**

- `size`: units H, at least 1.
- `a, b`: both.

**Errors**

- `ValueError`: it is 0.

Source: here."""


def test_prose_equations_arguments_and_errors():
    assert as_markdown(DOCSTRING) == MARKDOWN


def test_other_words_under_a_heading_are_kept():
    assert as_markdown("Returns:\n    (H,), in steps; infinite\n        for some.") == (
        "**Returns**\n\n- (H,), in steps; infinite for some."
    )
    assert as_markdown("Args: none of_them") == r"Args: none of\_them"
