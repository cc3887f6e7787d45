"""Labelled pictures out of parquet files of the hub's layout, from the hub or from a folder."""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import torch

from holdfast.tasks.images import Images

OfficialSplit = Literal["train", "test"]
_COLOURS = {1: "L", 3: "RGB"}


@dataclass(frozen=True)
class Table:
    """What a set of pictures is called on the hub, and what its rows hold.

    Args:
        repository: its name there, "owner/name".
        image: the column of the encoded picture; the class stands in "label".
        size: height, width, channels.
        classes: how many.
    """

    repository: str
    image: str
    size: tuple[int, int, int]
    classes: int = 10


def read_images(table: Table, split: OfficialSplit, folder: Path | None) -> Images:
    """One official split, decoded.

    Args:
        table: the set.
        split: "train" or "test".
        folder: the data folder with `repository` in it (it is only read); None for the hub and its usual cache.

    Raises:
        ValueError: the folder, the network or a file is missing or damaged, or holds something else.
    """
    where = f"the {split} split of {table.repository} from {folder / table.repository if folder else 'the hub'}"
    rows = _from_hub(table, split, where) if folder is None else _from_folder(table, split, folder, where)
    encoded, labels = rows[table.image], rows["label"]
    if not labels or any(label not in range(table.classes) for label in labels):
        raise ValueError(
            f"expected rows with labels from 0 to {table.classes - 1} in {where}, got {_seen(labels)}; "
            "the file holds something else, copy the set anew"
        )
    pixels = np.empty((len(encoded), *table.size), dtype=np.uint8)
    for row, image in enumerate(_progress(encoded, f"decoding {table.repository} ({split})")):
        pixels[row] = _decode(image, table.size, f"row {row} of {where}")
    return Images(torch.from_numpy(pixels), torch.tensor(labels, dtype=torch.int64), maximum=255.0)


def _from_folder(table: Table, split: OfficialSplit, folder: Path, where: str) -> dict[str, list[Any]]:
    place = folder / table.repository
    if not place.is_dir():
        raise ValueError(
            f"expected a folder {place} with the parquet files of {table.repository}, found none; the data folder "
            "(--task.data, or HOLDFAST_DATA) holds sets as the hub lays them out, owner/name/...; "
            "give the right one, or none to read from the hub"
        )
    # Streaming leaves the data folder untouched; the few files that `datasets` writes go with the temporary folder.
    with TemporaryDirectory() as cache:
        try:
            return _columns(table, _load(str(place), split, streaming=True, cache_dir=cache))
        except Exception as error:  # any library below may raise anything at a damaged file
            raise ValueError(
                f"cannot read {where}: {_first_line(error)}; expected whole parquet files with columns "
                f'"{table.image}" and "label"; copy the set anew, or give another data folder'
            ) from error


def _from_hub(table: Table, split: OfficialSplit, where: str) -> dict[str, list[Any]]:
    try:
        with _waiting(f"asking the hub for {table.repository} ({split})"):
            return _columns(table, _load(table.repository, split))
    except Exception as error:  # network, cache and file errors come in a dozen types
        raise ValueError(
            f"cannot read {where}: {_first_line(error)}; connect to the network, or give a folder that holds "
            f"{table.repository} in the hub's layout (--task.data, or HOLDFAST_DATA); `digits` needs neither"
        ) from error


def _load(location: str, split: OfficialSplit, **options: Any) -> Any:
    import datasets  # a second to import, and only these tasks need it

    with _quiet(datasets):
        return datasets.load_dataset(location, split=split, **options)


def _columns(table: Table, rows: Any) -> dict[str, list[Any]]:
    """The two columns, pictures still encoded."""
    import datasets

    if not {table.image, "label"} <= set(rows.column_names or ()):
        raise ValueError(f"its columns are {', '.join(rows.column_names or ('none',))}")
    with _quiet(datasets):
        encoded = rows.cast_column(table.image, datasets.Image(decode=False)).with_format("arrow")
        columns: dict[str, list[Any]] = {table.image: [], "label": []}
        for part in encoded.iter(batch_size=1000):
            for name, values in columns.items():
                values.extend(part[name].to_pylist())
    return columns


def _decode(encoded: dict[str, Any] | None, size: tuple[int, int, int], where: str) -> np.ndarray:
    from PIL import Image

    content = (encoded or {}).get("bytes") or b""
    try:
        picture = np.asarray(Image.open(io.BytesIO(content)).convert(_COLOURS[size[-1]]))
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, zlib's own ...
        raise ValueError(f"{where} is no picture: {_first_line(error)}; the file is damaged, copy it anew") from error
    if picture.shape[:2] != size[:2]:
        height, width = picture.shape[:2]
        raise ValueError(f"expected pictures of {size[0]} x {size[1]} pixels, but {where} has {height} x {width}")
    return picture.reshape(size)


@contextmanager
def _quiet(datasets: Any) -> Iterator[None]:
    """No bars, warnings or retries of the libraries below on the user's screen; what matters is in our errors."""
    import logging

    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    bars = datasets.are_progress_bars_disabled()
    try:
        datasets.disable_progress_bars()
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if not bars:
            datasets.enable_progress_bars()


def _progress(items: list[Any], title: str) -> Iterable[Any]:
    """A bar on a terminal, and nothing in a log."""
    from rich.console import Console
    from rich.progress import track

    return track(items, title, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _waiting(title: str) -> AbstractContextManager[object]:
    """A sign of life on a terminal while the network is slow, and nothing in a log."""
    from rich.console import Console

    return Console(stderr=True).status(title) if sys.stderr.isatty() else nullcontext()


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


def _seen(labels: list[Any]) -> str:
    return f"labels {', '.join(sorted({str(label) for label in labels})[:12])}" if labels else "no rows"
