from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from made_up_records import COPYING, Course, write_demo, write_run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models on one task, a seed each, one diverged: enough where pages and figures are made again and again."""
    root = tmp_path_factory.mktemp("few-runs")
    write_run(root, COPYING, "lstm", 0, Course(9000))
    write_run(root, COPYING, "ur-lstm", 0, Course(500))
    write_run(root, COPYING, "nru", 0, Course(1300, ending="diverged"))
    return root


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes one run below tmp_path: write("lstm", seed=1, ending="diverged", label="mine", hidden_size=64)."""

    def write(
        model: str = "lstm", seed: int = 0, *, task: dict[str, Any] = COPYING, label: str | None = None, **choices: Any
    ) -> Path:
        course = Course(**{field.name: choices.pop(field.name) for field in fields(Course) if field.name in choices})
        return write_run(tmp_path, task, model, seed, course, label=label, **choices)

    return write
