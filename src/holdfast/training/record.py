"""The folder of a run: all that it leaves behind, and all that it resumes from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from holdfast.training.files import write_json, write_text

METRICS = "metrics.jsonl"
PROBE = Path("probe/probe.json")
"""What `holdfast probe` writes of a run."""
SAVING = "saving.json"
"""What `holdfast saving` writes of a run."""
FAILURE = "failure.txt"
"""Why a run failed, in the first line; then where. It is not there once the run goes on."""
FILES = ("settings.json", "description.json", "environment.json", METRICS, "summary.json", "checkpoint.pt")


class RecordError(ValueError):
    """A folder that can't hold this run, with what to do about it."""


@dataclass(frozen=True)
class Summary:
    """How a run ended.

    Args:
        status: "finished", "solved", "stopped early" or "diverged".
        message: a sentence for people.
        steps: updates done.
        steps_to_solved: the step of the first evaluation that met the task's criterion, or None.
        seconds: time spent on updates, without evaluation.
        best_step: the step of the best validation metric, whose weights are in best.pt; None if none was reached.
        validation: the measures at that step.
        test: the measures on the test set with those weights; None if there are none.
        waited: the part of `seconds` that passed waiting for data; None in records from before it was measured.
        memory: the most bytes that updates held beyond what the process held before the first; without evaluation. None
            where the system does not tell.
    """

    status: str
    message: str
    steps: int
    steps_to_solved: int | None
    seconds: float
    best_step: int | None
    validation: dict[str, float] | None
    test: dict[str, float] | None
    waited: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Record:
    """A run's folder; `open_record` makes or checks it.

    Args:
        folder: holds settings.json, description.json, environment.json, metrics.jsonl, checkpoint.pt, best.pt, and,
            once the run is over, summary.json.
    """

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """Where the run stands."""
        return self.folder / "checkpoint.pt"

    @property
    def best(self) -> Path:
        """The weights with the best validation metric."""
        return self.folder / "best.pt"

    @property
    def metrics(self) -> Path:
        """One event a line."""
        return self.folder / METRICS

    def summary(self) -> Summary | None:
        """How the run ended; None while it has not.

        Raises:
            RecordError: summary.json is damaged, or another version wrote it.
        """
        path = self.folder / "summary.json"
        try:
            return Summary(**read_json(path)) if path.exists() else None
        except TypeError as error:
            raise RecordError(
                f"{path} is not the summary that this version writes ({error}); restore it, or choose another folder"
            ) from None

    def append(self, event: str, *, step: int, **values: Any) -> None:
        """Adds a line to metrics.jsonl; it is with the operating system when this returns, so a kill can't take it."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "step": step, **values}) + "\n")

    def cut_back(self, step: int) -> None:
        """Forgets what was recorded after a step, a torn last line too: the resumed run will record it again.

        Raises:
            RecordError: a line before the last is damaged.
        """
        if self.metrics.exists():
            kept = [line for line, event in self._events() if event["step"] <= step and event.get("split") != "test"]
            write_text(self.metrics, "".join(kept))

    def describe(self, description: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        """Writes what a reader wants to know of the task, the model and the machine.

        A run that goes on elsewhere keeps where it was "before", oldest first.
        """
        path = self.folder / "environment.json"
        before = _before(read_json(path), environment) if path.exists() else []
        write_json(self.folder / "description.json", description)
        write_json(path, {**environment, **({"before": before} if before else {})})

    def conclude(self, summary: Summary) -> None:
        """Writes summary.json: from now on the run is over."""
        write_json(self.folder / "summary.json", asdict(summary))

    def _events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The lines and what they say, but for a torn last one: it has no end or, after a loss of power, holds NULs."""
        with self.metrics.open(encoding="utf-8", errors="replace", newline="\n") as file:
            lines = file.readlines()
        for number, line in enumerate(lines, start=1):
            try:
                event = read_event(line)
            except ValueError as error:
                if number == len(lines):
                    return
                raise RecordError(
                    f"{self.metrics}, line {number}, is damaged ({error}). Nothing was changed. Delete that line to go "
                    "on without it, or choose another folder to train from the start"
                ) from None
            if line.endswith("\n"):
                yield line, event


def read_event(line: str | bytes) -> dict[str, Any]:
    """What a line of metrics.jsonl says.

    Raises:
        ValueError: it is damaged.
    """
    event = json.loads(line)
    if not (isinstance(event, dict) and isinstance(event.get("step"), int) and isinstance(event.get("event"), str)):
        raise ValueError(f"expected an event with its step, got {str(event)[:40]!r}")
    return event


def _before(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where a run was before, told by its environments; the same at another time is no other."""
    last, this = ({name: value for name, value in one.items() if name != "before"} for one in (earlier, now))
    return [*earlier.get("before", ()), *([] if last | {"started": None} == this | {"started": None} else [last])]


def unusable(folder: Path, error: OSError) -> RecordError:
    """What to say of a folder that the system keeps us out of."""
    return RecordError(
        f"{folder} can't be used as the folder of a run: {error.strerror or error}. "
        "Choose another, or make it a folder that you may write to"
    )


def read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecordError(f"{path} is damaged ({error}); restore it, or choose another folder") from None
