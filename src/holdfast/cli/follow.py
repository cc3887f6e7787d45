"""Runs in other processes, seen through their records."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.training import Record, RunSettings, Summary
from holdfast.training.news import News
from holdfast.training.record import read_event


@dataclass
class Followed:
    """One run of a comparison: what it is, and what its record says of it by now.

    Args:
        label: of the model.
        settings: of the run.
        folder: its record.
        news: what it has said.
        failure: why it could not go on, if it could not.
    """

    label: str
    settings: RunSettings
    folder: Path
    news: News
    failure: str | None = None
    running: bool = False
    _read: int = field(default=0, repr=False)

    @property
    def name(self) -> str:
        return self.news.title

    @property
    def summary(self) -> Summary | None:
        return Record(self.folder).summary()

    @property
    def status(self) -> str:
        """A word for where it stands."""
        if self.failure is not None:
            return "failed"
        summary = self.summary
        return summary.status if summary else "running" if self.running else "waiting"

    def look(self) -> None:
        """Reads the lines that metrics.jsonl has got since the last look; a line that is not whole yet can wait.

        A damaged line is no news. The run itself refuses to go on from it, or cuts it.
        """
        path = Record(self.folder).metrics
        if not path.exists():
            return
        with path.open("rb") as file:
            if path.stat().st_size < self._read:  # a resumed run has cut it back
                self._read = 0
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            with suppress(ValueError):
                self.news.append(**read_event(line))
