"""Labelled rows as arrays: decoded once, kept, and mapped into memory from then on."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from holdfast.tasks.decoding import Decoder
from holdfast.tasks.examples import Recordings
from holdfast.tasks.stored import Layout, Write, stored
from holdfast.tasks.tables import OFFICIAL_SPLITS, FolderTables, HubTables, OfficialSplit, Table, Tables
from holdfast.tasks.waiting import counting


def read_table(table: Table, decoder: Decoder, folder: Path | None) -> dict[OfficialSplit, Recordings]:
    """The official splits, decoded.

    Args:
        table: the set.
        decoder: what becomes of a row.
        folder: the data folder with `repository` in it (it is only read); None for the hub and its usual cache.

    Raises:
        ValueError: the folder, the network or a file is missing or damaged, or holds something else.
    """
    tables = HubTables(table) if folder is None else FolderTables(table, folder)
    key, write = tables.key(), partial(_write, tables, decoder)
    recipe = [key, asdict(table), repr(decoder), decoder.version]
    arrays = _made_now(write) if key is None else stored(table.repository, json.dumps(recipe), write)
    return {split: _recordings(arrays, split) for split in OFFICIAL_SPLITS}


def _write(tables: Tables, decoder: Decoder, place: Path) -> dict[str, Layout]:
    """Writes values, ends and labels of both splits into a folder."""
    layouts: dict[str, Layout] = {}
    for split in OFFICIAL_SPLITS:
        ends, labels, total = [], [], 0
        with (place / f"{split}-values.bin").open("wb") as file:
            for sequence, label in _sequences(tables, decoder, split):
                file.write(sequence.astype(decoder.dtype).tobytes())
                total += len(sequence)
                ends.append(total)
                labels.append(label)
        layouts[f"{split}-values"] = Layout(decoder.dtype, (total, decoder.channels))
        for name, numbers in (("ends", ends), ("labels", labels)):
            np.asarray(numbers, dtype="int64").tofile(place / f"{split}-{name}.bin")
            layouts[f"{split}-{name}"] = Layout("int64", (len(numbers),))
    return layouts


def _sequences(tables: Tables, decoder: Decoder, split: OfficialSplit) -> Iterator[tuple[np.ndarray, int]]:
    """The rows of a split, decoded, with their labels."""
    row, where = 0, tables.where(split)
    with (
        _mapping(decoder) as mapped,
        counting(f"decoding {tables.table.repository} ({split})", tables.count(split)) as done,
    ):
        for values, labels in tables.parts(split):
            _check_labels(labels, tables.table.classes, where)
            names = (f"row {number} of {where}" for number in range(row, row + len(values)))
            yield from zip(mapped(decoder.decode, values, names), labels, strict=True)
            row += len(values)
            done(len(values))
    if not row:
        _check_labels([], tables.table.classes, where)


@contextmanager
def _mapping(decoder: Decoder) -> Iterator[Callable[..., Iterable[Any]]]:
    """`map`, in several threads if that helps."""
    if not decoder.releases_the_interpreter:
        yield map
        return
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="holdfast-decode") as pool:
        yield pool.map


def _check_labels(labels: list[Any], classes: int, where: str) -> None:
    if not labels or any(label not in range(classes) for label in labels):
        seen = f"labels {', '.join(sorted({str(label) for label in labels})[:12])}" if labels else "no rows"
        raise ValueError(
            f"expected rows with labels from 0 to {classes - 1} in {where}, got {seen}; "
            "the file holds something else, copy the set anew"
        )


def _made_now(write: Write) -> dict[str, np.ndarray]:
    """The arrays of files that can't be told from others, and so can't be kept."""
    with TemporaryDirectory() as place:
        layouts = write(Path(place))
        return {
            name: np.fromfile(Path(place) / f"{name}.bin", layout.dtype).reshape(layout.shape)
            for name, layout in layouts.items()
        }


def _recordings(arrays: dict[str, np.ndarray], split: OfficialSplit) -> Recordings:
    values, ends, labels = (torch.from_numpy(arrays[f"{split}-{name}"]) for name in ("values", "ends", "labels"))
    return Recordings(values, torch.cat([ends.new_zeros(1), ends[:-1]]), ends.clone(), labels.clone())
