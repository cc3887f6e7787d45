"""What a run has seen of itself: its evaluations, and all that is decided by them."""

from dataclasses import dataclass, field

from holdfast.tasks import Task
from holdfast.training.settings import TrainingSettings

Measures = dict[str, float]


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Args:
        status: "finished", "solved", "stopped early" or "diverged".
        message: a sentence for people.
    """

    status: str
    message: str


@dataclass
class History:
    """Where a run stands.

    Args:
        step: updates done.
        seconds: time spent on them, without evaluation.
        waited: the part of it that passed waiting for data.
        evaluations: on the validation set, in order; each holds its "step", the "loss" and the task's other measures.
    """

    step: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    evaluations: list[Measures] = field(default_factory=list)

    @property
    def losses(self) -> list[float]:
        return [evaluation["loss"] for evaluation in self.evaluations]

    def best(self, task: Task) -> Measures | None:
        """The evaluation with the best metric, of equals that with the smallest loss; None before the first."""
        sign = 1 if task.higher_is_better else -1
        return max(self.evaluations, key=lambda found: (sign * found[task.metric], -found["loss"]), default=None)

    def since_best(self, task: Task) -> int:
        """Evaluations after the best one."""
        best = self.best(task)
        return 0 if best is None else len(self.evaluations) - 1 - self.evaluations.index(best)

    def steps_to_solved(self, task: Task) -> int | None:
        """The step of the first evaluation that met the task's criterion."""
        return next((int(measures["step"]) for measures in self.evaluations if task.solved(measures)), None)

    def ending(self, task: Task, settings: TrainingSettings) -> Ending | None:
        """Whether the run is over, and why."""
        solved = self.steps_to_solved(task)
        if settings.stop_when_solved and solved is not None:
            return Ending("solved", f"solved at step {solved}")
        if settings.patience is not None and self.since_best(task) >= settings.patience:
            return Ending("stopped early", f"no better {task.metric} in {settings.patience} evaluations")
        if self.step >= settings.steps:
            return Ending("finished", f"all {settings.steps} steps done")
        return None
