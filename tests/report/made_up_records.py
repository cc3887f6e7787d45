"""Made-up but realistic records: two tasks, several models, three seeds, one run diverged, one unfinished."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import holdfast
from holdfast.experiments import EXPERIMENTS
from holdfast.experiments.question import declared
from holdfast.probes import probe

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
        "title": "copying",
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
    "settings": {"name": "digits", "train_examples": None, "validation_examples": None, "side": 8},
    "description": {
        "title": "digits",
        "summary": "read a scanned digit one pixel at a time and name it",
        "steps": 64,
        "lag": 64,
        "metric": "accuracy",
        "higher_is_better": True,
        "chance": {"loss": math.log(10), "accuracy": 0.1},
        "chance_statement": "A model that remembers nothing names one of ten digits: one in ten is right.",
        "solved_loss": math.log(10) / 10,
        "sources": ["alpaydin1998optical", "le2015simple"],
    },
}
TRAINING = {
    "batch_size": 32,
    "optimiser": "adam",
    "learning_rate": 0.001,
    "schedule": "constant",
    "clip_norm": 1.0,
    "evaluate_every": 100,
    "threads": 1,
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


@dataclass(frozen=True)
class Course:
    """How a made-up run goes: its loss falls from chance along a sigmoid in the training steps.

    Args:
        half_way: the step of the steepest descent, for seed 0.
        floor: the part of chance where the loss ends.
        steps: how long the run is at most; every hundredth is evaluated.
        seconds_a_step: how fast.
        ending: "finished" (or "solved" if it gets there), "diverged" (at 60 % of the steps) or "unfinished" (at 40 %).
        stop_when_solved: whether it ends when the loss is low enough.
    """

    half_way: float = 500
    floor: float = 0.001
    steps: int = 2000
    seconds_a_step: float = 0.02
    ending: str = "finished"
    stop_when_solved: bool = True

    @property
    def last(self) -> float:
        return self.steps * {"finished": 1.0, "diverged": 0.6, "unfinished": 0.4}[self.ending]


def write_run(
    root: Path, task: dict[str, Any], model: str, seed: int, course: Course, *, label: str | None = None, **options: Any
) -> Path:
    """The record of one run, in <root>/<task>/<label>/seed-<seed>."""
    folder = root / task["settings"]["name"] / (label or model) / f"seed-{seed}"
    model_settings = {"name": model, "hidden_size": 128, **options}
    training = TRAINING | {"steps": course.steps, "stop_when_solved": course.stop_when_solved}
    settings = {"task": task["settings"], "model": model_settings, "training": training, "seed": seed}
    summary, sources = SUMMARIES[model]
    about = {"parameters": 71_946 + 100 * len(model), "summary": summary, "sources": sources, "backend": "native"}
    dump(folder / "settings.json", settings)
    dump(folder / "description.json", {"task": task["description"], "model": about})
    dump(folder / "environment.json", ENVIRONMENT | {"started": f"2026-11-20T09:3{seed}:00+00:00"})

    noise = random.Random(f"{task['settings']['name']} {model} {seed}")
    solved_loss = task["description"]["solved_loss"] if course.stop_when_solved else 0.0
    lines = list(_lines(task["description"], course, seed, noise, solved_loss))
    torn = '{"event": "train", "step": 810, "lo' if course.ending == "unfinished" else ""
    if course.ending != "unfinished":
        ended = _summary(lines, course, task["description"]["solved_loss"])
        dump(folder / "summary.json", ended)
        if ended["test"]:
            lines.append({"event": "evaluation", "split": "test", "step": ended["best_step"], **ended["test"]})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + torn)
    return folder


def _lines(
    about: dict[str, Any], course: Course, seed: int, noise: random.Random, solved_loss: float
) -> Iterator[dict[str, Any]]:
    """The lines of metrics.jsonl up to the test."""
    for step in range(100, course.steps + 1, 100):
        now = {"step": step, "seconds": step * course.seconds_a_step * (1 + 0.05 * seed)}
        measures = _measures(about["chance"], course, step / (1 + 0.15 * seed), noise)
        diverged = course.ending == "diverged" and step >= course.last
        loss = math.nan if diverged else measures["loss"]
        yield {"event": "train", **now, "loss": loss, "gradient_norm": 0.5, "learning_rate": 0.001}
        if diverged:
            return
        yield {"event": "evaluation", "split": "validation", **now, **measures}
        if step >= course.last or measures["loss"] < solved_loss:
            return


def _measures(chance: dict[str, float], course: Course, step: float, noise: random.Random) -> dict[str, float]:
    done = 1 / (1 + math.exp(-(step - course.half_way) / (0.07 * course.steps)))
    share = course.floor**done * noise.uniform(0.9, 1.1)
    right = chance["accuracy"] + (1 - chance["accuracy"]) * (1 - share / 1.1)
    return {"loss": chance["loss"] * share, "accuracy": right}


def _summary(lines: list[dict[str, Any]], course: Course, solved_loss: float) -> dict[str, Any]:
    evaluations = [line for line in lines if line["event"] == "evaluation"]
    solved = next((line["step"] for line in evaluations if line["loss"] < solved_loss), None)
    best = min(evaluations, key=lambda line: line["loss"])
    validation = {name: best[name] for name in ("loss", "accuracy")}
    diverged = course.ending == "diverged"
    return {
        "status": "diverged" if diverged else "solved" if solved and course.stop_when_solved else "finished",
        "message": DIVERGED if diverged else "",
        "memory": 100 * 2**20,
        "steps": lines[-1]["step"],
        "steps_to_solved": solved,
        "seconds": lines[-1]["seconds"],
        "best_step": best["step"],
        "validation": validation,
        "test": None if diverged else {"loss": best["loss"] * 1.01, "accuracy": best["accuracy"] * 0.995},
    }


def write_demo(root: Path) -> Path:
    """Five models on two tasks, three seeds each."""
    endings = ("finished", "diverged", "unfinished")
    quick, slow = 0.015, 0.09
    whole = {"stop_when_solved": False}
    for seed in range(3):
        nru = Course(1300, seconds_a_step=slow, ending=endings[seed])
        write_run(root, COPYING, "lstm", seed, Course(9000))
        write_run(root, COPYING, "chrono-lstm", seed, Course(700), t_max=150)
        write_run(root, COPYING, "ur-lstm", seed, Course(500))
        write_run(root, COPYING, "ur-gru", seed, Course(850, seconds_a_step=quick))
        write_run(root, COPYING, "nru", seed, nru, memory_size=64)
        write_run(root, DIGITS, "lstm", seed, Course(800, 0.09, **whole))
        write_run(root, DIGITS, "chrono-lstm", seed, Course(700, 0.08, **whole), t_max=64)
        write_run(root, DIGITS, "ur-lstm", seed, Course(500, 0.035, **whole))
        write_run(root, DIGITS, "ur-gru", seed, Course(550, 0.04, seconds_a_step=quick, **whole))
        write_run(root, DIGITS, "nru", seed, Course(900, 0.12, seconds_a_step=slow, **whole), memory_size=64)
    return root


def write_everything(root: Path) -> Path:
    """The demo, the runs of an experiment with claims and long names, and what a probe found: the widest tables."""
    write_demo(root)
    question = root / "chandar2019/copying/small/lag-100"
    asked = EXPERIMENTS["chandar2019/copying"].ask("small")[0].settings
    courses = {
        "nru": Course(600),
        "orthogonal-lstm": Course(700),
        "orthogonal-chrono-lstm": Course(9000),
        "orthogonal-rnn": Course(9000, ending="diverged"),
    }
    for label, course in courses.items():
        for seed in range(3):
            folder = write_run(question, COPYING, "nru", seed, course, label=label)
            dump(folder / "settings.json", {**declared(asked, label), "seed": seed})
    layer = holdfast.make("lstm", 2, 3, backend="reference").eval()
    found = probe(layer, torch.randn(5, 2, 2), generator=torch.Generator().manual_seed(0)).as_dict()
    for folder in question.glob("copying/nru/seed-*"):
        dump(folder / "probe/probe.json", {"format": 1, "runs": {"any": {"before": found, "after": found}}})
    return root
