"""What a search has proposed, in a file of the sweep's folder, so that the same is proposed again."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from holdfast.cli.sweep.space import Space
from holdfast.training.files import write_json
from holdfast.training.record import read_json

Parameters = dict[str, Any]
"""Dotted name of a setting -> what the sampler chose: a number, or the place of a choice."""


class Kept:
    """The proposals of one search, oldest first.

    Args:
        folder: of the sweep's trials; a search with another space, sampler, seed or model has a file of its own there.
        about: what tells this search from others.
        space: that it searches.

    Raises:
        RecordError: the file is damaged.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], space: Space):
        told = json.dumps({**about, "space": {name: asdict(values) for name, values in space.items()}}, default=str)
        self.about = json.loads(told)
        self.path = folder / f"search-{sha256(told.encode()).hexdigest()[:12]}.json"
        self.proposals: list[Parameters] = read_json(self.path)["proposals"] if self.path.exists() else []

    def add(self, parameters: Parameters) -> None:
        """Keeps one more; it is with the disk when this returns."""
        self.proposals.append(parameters)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {**self.about, "proposals": self.proposals})
