"""Tables of the hub's layout, from the hub or from a folder, row by row as they are written there."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from holdfast.backends.libraries.content import digest
from holdfast.tasks.decoding import first_line
from holdfast.tasks.waiting import waiting

OfficialSplit = Literal["train", "test"]
OFFICIAL_SPLITS: tuple[OfficialSplit, ...] = ("train", "test")

Part = tuple[list[tuple[Any, ...]], list[Any]]
"""Some rows: what stands in their columns, and their labels."""

_ROWS = 256


@dataclass(frozen=True)
class Table:
    """What a set is called on the hub, and what its rows hold.

    Args:
        repository: its name there, "owner/name"; without an owner it is not on the hub, and a folder must hold it.
        columns: those that are read.
        label: the column of the class.
        classes: how many.
    """

    repository: str
    columns: tuple[str, ...]
    label: str = "label"
    classes: int = 10

    def parts(self, rows: Any) -> Iterator[Part]:
        """The rows of a table that `datasets` has opened, as they are stored.

        Raises:
            ValueError: it has not the columns.
        """
        import datasets

        if not {*self.columns, self.label} <= set(rows.column_names or ()):
            raise ValueError(f"its columns are {', '.join(rows.column_names or ('none',))}")
        for name, feature in (rows.features or {}).items():
            if isinstance(feature, (datasets.Image, datasets.Audio)):
                rows = rows.cast_column(name, type(feature)(decode=False))
        for part in rows.with_format("arrow").iter(batch_size=_ROWS):
            values = zip(*(part[name].to_pylist() for name in self.columns), strict=True)
            yield list(values), part[self.label].to_pylist()


class Tables(ABC):
    """The two official splits of a set, wherever they are.

    Args:
        table: the set.
    """

    def __init__(self, table: Table):
        self.table = table

    @abstractmethod
    def where(self, split: OfficialSplit) -> str:
        """In words."""

    @abstractmethod
    def key(self) -> str | None:
        """A digest of all the files, without a look at what they mean; None if they can't be seen.

        Raises:
            ValueError: they are not there.
        """

    @abstractmethod
    def parts(self, split: OfficialSplit) -> Iterator[Part]:
        """The rows, in order.

        Raises:
            ValueError: the files are not there or damaged, or hold something else.
        """

    def count(self, split: OfficialSplit) -> int | None:
        """How many rows there are, if that is easily known."""
        return None


class FolderTables(Tables):
    """A set in a data folder, which is left untouched.

    Args:
        table: the set.
        folder: holds `repository`, with parquet files, or with train/CLASS/*.jpg and test/CLASS/*.jpg.
    """

    def __init__(self, table: Table, folder: Path):
        super().__init__(table)
        self.place = folder / table.repository

    def where(self, split: OfficialSplit) -> str:
        return f"the {split} split of {self.table.repository} from {self.place}"

    def key(self) -> str:
        if not self.place.is_dir():
            raise ValueError(
                f"expected a folder {self.place} with the parquet files of {self.table.repository}, found none; the "
                "data folder (--task.data, or HOLDFAST_DATA) holds sets as the hub lays them out, owner/name/...; "
                "give the right one, or none to read from the hub"
            )
        files = sorted(path for path in self.place.rglob("*") if path.is_file() and not path.name.startswith("."))
        return _digest_of_all(self.place, files)

    def count(self, split: OfficialSplit) -> int | None:
        import pyarrow.parquet

        files = self.place.rglob(f"{split}-*.parquet")
        try:
            return sum(pyarrow.parquet.read_metadata(file).num_rows for file in files) or None
        except (OSError, ValueError):  # a damaged file, of which the reading will tell
            return None

    def parts(self, split: OfficialSplit) -> Iterator[Part]:
        # Streaming leaves the data folder untouched; the few files that `datasets` writes go with the temporary folder.
        with TemporaryDirectory() as temporary:
            try:
                yield from self.table.parts(_load(str(self.place), split, streaming=True, cache_dir=temporary))
            except Exception as error:  # any library below may raise anything at a damaged file
                columns = ", ".join(f'"{name}"' for name in self.table.columns)
                raise ValueError(
                    f"cannot read {self.where(split)}: {first_line(error)}; expected whole parquet files with columns "
                    f'{columns} and "{self.table.label}"; copy the set anew, or give another data folder'
                ) from error


class HubTables(Tables):
    """A set on the hub, or in the cache that the hub's own library keeps."""

    def where(self, split: OfficialSplit) -> str:
        return f"the {split} split of {self.table.repository} from the hub"

    def key(self) -> str | None:
        files = [Path(entry["filename"]) for split in OFFICIAL_SPLITS for entry in self._opened(split).cache_files]
        return _digest_of_all(Path("/"), files) if files else None

    def count(self, split: OfficialSplit) -> int | None:
        return len(self._opened(split))

    def parts(self, split: OfficialSplit) -> Iterator[Part]:
        with self._explained(split):
            yield from self.table.parts(self._opened(split))

    @cache  # noqa: B019  it lives as long as a reading
    def _opened(self, split: OfficialSplit) -> Any:
        if "/" not in self.table.repository:
            raise ValueError(
                f"{self.table.repository} is not on the hub; give a data folder that holds it (--task.data, or "
                "HOLDFAST_DATA)"
            )
        with self._explained(split), waiting(f"asking the hub for {self.table.repository} ({split})"):
            return _load(self.table.repository, split)

    @contextmanager
    def _explained(self, split: OfficialSplit) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # network, cache and file errors come in a dozen types
            raise ValueError(
                f"cannot read {self.where(split)}: {first_line(error)}; connect to the network, or give a folder that "
                f"holds {self.table.repository} in the hub's layout (--task.data, or HOLDFAST_DATA); "
                "`digits` needs neither"
            ) from error


def _digest_of_all(place: Path, files: Sequence[Path]) -> str:
    digests = [
        f"{file.relative_to(place).as_posix() if place.is_dir() else file.name} {digest(file)}" for file in files
    ]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _load(location: str, split: OfficialSplit, **options: Any) -> Any:
    import datasets  # a second to import, and only these tasks need it

    with _quiet(datasets):
        return datasets.load_dataset(location, split=split, **options)


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
