"""Made-up but realistic records: two tasks, several models, three seeds, one run diverged, one unfinished."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {
    "holdfast": "0.1.0",
    "torch": "2.13.0+cpu",
    "python": "3.12.4",
    "platform": "Linux-6.1-x86_64",
    "processor": "AMD EPYC 7B13",
    "cores": 2,
    "threads": 1,
    "started": "2026-11-20T09:30:00+00:00",
}
DIVERGED = "the loss became NaN at step 1200: the gradient of weight_hh was infinite; lower the learning rate"
COPYING = {
    "settings": {"name": "copying", "lag": 100, "convention": "tallec", "gap": "fixed", "evaluation_examples": 512},
    "description": {
        "title": "Copying, lag 100",
        "summary": "remember ten letters over a long gap and say them in order",
        "steps": 120,
        "lag": 100,
        "metric": "accuracy",
        "higher_is_better": True,
        "chance": {"loss": 0.17329, "accuracy": 0.125},
        "chance_statement": "A model that knows when to be silent and when to speak but has forgotten the letters "
        "guesses each of 10 among 8: 10 ln 8 nats over 120 steps is a loss of 0.1733, and 0.125 of them are right.",
        "solved_loss": 0.017329,
        "sources": ["hochreiter1997long", "arjovsky2016unitary", "tallec2018can", "gu2020improving"],
    },
}
DIGITS = {
    "settings": {"name": "digits", "order": "rows first", "scale": 1},
    "description": {
        "title": "Digits, pixel by pixel",
        "summary": "read a scanned digit one pixel at a time and name it",
        "steps": 64,
        "lag": 64,
        "metric": "accuracy",
        "higher_is_better": True,
        "chance": {"loss": math.log(10), "accuracy": 0.1},
        "chance_statement": "A model that remembers nothing names one of ten digits: one in ten is right.",
        "sources": ["alpaydin1998optical", "le2015simple"],
    },
}
SUMMARIES = {
    "lstm": ("torch.nn.LSTM", ["hochreiter1997long", "gers2000learning"]),
    "chrono-lstm": ("LSTM with chrono initialisation", ["tallec2018can"]),
    "ur-lstm": ("tied LSTM with a refine gate and uniform gate initialisation", ["gu2020improving"]),
    "ur-gru": ("GRU with a refine gate and uniform gate initialisation", ["gu2020improving"]),
    "nru": ("heads add to a memory without saturating gates", ["chandar2019towards"]),
}


def dump(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_run(
    root: Path,
    task: dict[str, Any],
    model: str,
    seed: int,
    *,
    half_way: float,
    floor: float = 0.001,
    steps: int = 2000,
    seconds_a_step: float = 0.02,
    ending: str = "finished",
    label: str | None = None,
    **options: object,
) -> Path:
    """A run whose loss falls from chance along a sigmoid around the step `half_way`, down to `floor` of chance."""
    noise = random.Random(f"{task['settings']['name']} {model} {seed}")
    folder = root / task["settings"]["name"] / (label or model) / f"seed-{seed}"
    description = task["description"]
    dump(
        folder / "settings.json",
        {
            "task": task["settings"],
            "model": {"name": model, "hidden_size": 128, **options},
            "training": {
                "steps": steps,
                "batch_size": 32,
                "optimiser": "adam",
                "learning_rate": 0.003 if model == "nru" else 0.001,
                "schedule": "constant",
                "clip_norm": 1.0,
                "evaluate_every": 100,
                "stop_when_solved": True,
                "threads": 1,
            },
            "seed": seed,
        },
    )
    summary, sources = SUMMARIES[model]
    about = {"parameters": 71_946 + 100 * len(model), "summary": summary, "sources": sources, "backend": "native"}
    dump(folder / "description.json", {"task": description, "model": about})
    dump(folder / "environment.json", {**ENVIRONMENT, "started": f"2026-11-20T09:3{seed}:00+00:00"})

    def measures(step: float) -> dict[str, float]:
        done = 1 / (1 + math.exp(-(step - half_way * (1 + 0.15 * seed)) / (0.07 * steps)))
        loss = description["chance"]["loss"] * math.exp(done * math.log(floor)) * noise.uniform(0.9, 1.1)
        chance = description["chance"]["accuracy"]
        right = chance + (1 - chance) * (1 - loss / (1.1 * description["chance"]["loss"]))
        return {"loss": loss, "accuracy": min(1.0, right)}

    lines: list[dict[str, Any]] = []
    last, solved = steps, None
    best: dict[str, float] = {"loss": math.inf}
    for step in range(100, steps + 1, 100):
        now = {"step": step, "seconds": step * seconds_a_step * (1 + 0.05 * seed)}
        train = measures(step)["loss"]
        lines.append({"event": "train", **now, "loss": train, "gradient_norm": 0.5, "learning_rate": 0.001})
        if ending == "diverged" and step >= 0.6 * steps:
            lines[-1]["loss"] = math.nan
            last = step
            break
        validation = measures(step)
        best = min(best, {"best_step": step, **validation}, key=lambda point: point["loss"])
        lines.append({"event": "evaluation", "split": "validation", **now, **validation})
        if ending == "unfinished" and step >= 0.4 * steps:
            break
        if validation["loss"] < description.get("solved_loss", 0):
            last, solved, ending = step, step, "solved"
            break
    best_step = int(best.pop("best_step"))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    if ending == "unfinished":
        (folder / "metrics.jsonl").write_text(text + '{"event": "train", "step": 810, "lo')
        return folder
    test = {key: value * 1.01 if key == "loss" else value * 0.995 for key, value in best.items()}
    text += json.dumps({"event": "evaluation", "split": "test", "step": best_step, **test}) + "\n"
    (folder / "metrics.jsonl").write_text(text)
    dump(
        folder / "summary.json",
        {
            "status": ending,
            "message": DIVERGED if ending == "diverged" else "",
            "steps": last,
            "steps_to_solved": solved,
            "seconds": last * seconds_a_step * (1 + 0.05 * seed),
            "best_step": best_step,
            "validation": best,
            "test": test,
        },
    )
    return folder


def write_demo(root: Path) -> Path:
    """Five models on two tasks, three seeds each."""
    for seed in range(3):
        ending = {0: "finished", 1: "diverged", 2: "unfinished"}[seed]
        write_run(root, COPYING, "lstm", seed, half_way=9000)
        write_run(root, COPYING, "chrono-lstm", seed, half_way=700, t_max=150)
        write_run(root, COPYING, "ur-lstm", seed, half_way=500)
        write_run(root, COPYING, "ur-gru", seed, half_way=850, seconds_a_step=0.015)
        write_run(root, COPYING, "nru", seed, half_way=1300, seconds_a_step=0.09, ending=ending)
        write_run(root, DIGITS, "lstm", seed, half_way=800, floor=0.09)
        write_run(root, DIGITS, "chrono-lstm", seed, half_way=700, floor=0.08, t_max=64)
        write_run(root, DIGITS, "ur-lstm", seed, half_way=500, floor=0.035)
        write_run(root, DIGITS, "ur-gru", seed, half_way=550, floor=0.04, seconds_a_step=0.015)
        write_run(root, DIGITS, "nru", seed, half_way=900, floor=0.12, seconds_a_step=0.09)
    return root


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run_writer(tmp_path: Path) -> Callable[..., Path]:
    """Writes one run below tmp_path: run_writer(model, seed, **choices)."""

    def write(model: str = "lstm", seed: int = 0, *, task: dict[str, Any] = COPYING, **choices: Any) -> Path:
        return write_run(tmp_path, task, model, seed, **{"half_way": 500, **choices})

    return write
