"""Small sets in the hub's layout, made up."""

import io
import wave
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

COUNTS = {"train": 60, "test": 20}
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def noise(count, *size, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


def encoded(pixels, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return stream.getvalue()


def files(contents):
    """A column of files."""
    return pa.array([{"bytes": content, "path": None} for content in contents], IMAGE)


def write(path: Path, **columns) -> None:
    """A table with these columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def write_texts(folder: Path, repository: str, texts: dict[str, list], labels: dict[str, list]) -> None:
    """A set of texts, all columns alike except that the first of several is empty."""
    columns = ("title", "content") if "dbpedia" in repository else ("text",)
    for split in COUNTS:
        parts = {name: [""] * len(texts[split]) for name in columns} | {columns[-1]: texts[split]}
        write(folder / repository / f"plain/{split}-00000-of-00001.parquet", **parts, label=labels[split])


def write_sounds(folder: Path, sounds: dict[str, list], labels: dict[str, list], *, as_wave: bool = False) -> None:
    """A set of recordings, as samples or as files."""
    for split, recordings in sounds.items():
        column = files(map(waves, recordings)) if as_wave else pa.array(recordings, pa.list_(pa.int16()))
        write(folder / f"fsdd/default/{split}-00000-of-00001.parquet", audio=column, label=labels[split])


def waves(samples, channels=1):
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.asarray(samples, dtype="<i2").tobytes())
    return stream.getvalue()
