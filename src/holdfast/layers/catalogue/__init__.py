"""The catalogue: every layer that has a name, one file for each family."""

from typing import Any

from holdfast.layers.catalogue import (
    compared,
    flexible,
    gates,
    linear,
    memory,
    modified,
    multi_scale,
    orthogonal,
    oscillators,
    plain,
    skipping,
)
from holdfast.layers.catalogue.entry import Entry, suggestion
from holdfast.layers.catalogue.modified import MODIFIERS, modified_by
from holdfast.layers.recurrent import Recurrent

__all__ = ["CATALOGUE", "MODIFIERS", "Entry", "distinct", "known", "lookup", "make"]

GROUPS = (
    *(plain, gates, compared, flexible, modified, memory),
    *(linear, orthogonal, oscillators, skipping, multi_scale),
)
CATALOGUE: dict[str, Entry] = {entry.name: entry for group in GROUPS for entry in group.ENTRIES}


def lookup(name: str) -> Entry:
    """The entry of that name: of the catalogue, or of one of its cells with a modifier before it, as in zoneout-nru.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    found = known(name)
    if found is None:
        raise ValueError(f"there is no model '{name}'{suggestion(name, CATALOGUE)}")
    return found


def known(name: str) -> Entry | None:
    """As `lookup`; None if there is none."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    for modifier in MODIFIERS:
        base = known(name.removeprefix(f"{modifier}-")) if name.startswith(f"{modifier}-") else None
        if base is not None:
            return modified_by(modifier, base)
    return None


def distinct() -> list[str]:
    """A name for each step of the catalogue: layers that differ only in how they start take the same steps."""
    by_step: dict[str, str] = {}
    for name, entry in CATALOGUE.items():
        by_step.setdefault(entry.step, name)
    return list(by_step.values())


def make(name: str, input_size: int, hidden_size: int, **options: Any) -> Recurrent:
    """The layer of the catalogue with that name.

        layer = holdfast.make("chrono-lstm", 10, 128, t_max=500, num_layers=2)

    Args:
        name: a name of the catalogue, `holdfast list models` shows them; before it may stand a modifier, zoneout-,
            layernorm-, variational- or weight-drop-, even several: "zoneout-layernorm-gru".
        input_size: features of an input step.
        hidden_size: units.
        options: those of the cell (`memory_size` of the NRU), of its initialiser (`t_max` of chrono), of `Recurrent`.

    Raises:
        ValueError: an unknown name or option, or a missing one.
    """
    return lookup(name).build(input_size, hidden_size, **options)
