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
        memory: the most bytes that they held beyond what was held before the first; None where it can't be known.
        evaluations: on the validation set, in order; each holds its "step", the "loss" and the task's other measures.
        provisional: updates up to which the model is another one than it is to be: evaluations until then decide
            nothing once there is a later one.
    """

    step: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    memory: int | None = None
    evaluations: list[Measures] = field(default_factory=list)
    provisional: int = 0

    @property
    def final(self) -> list[Measures]:
        """The evaluations of the model as it is to be."""
        return [measures for measures in self.evaluations if measures["step"] > self.provisional]

    def losses(self, pretraining: int = 0) -> list[float]:
        """Of all evaluations, without those while pretraining: what is measured then is not yet learnt."""
        return [measures["loss"] for measures in self.evaluations if measures["step"] > pretraining]

    def best(self, task: Task) -> Measures | None:
        """The evaluation with the best metric, of equals that with the smallest loss; None before the first."""
        sign = 1 if task.higher_is_better else -1
        found = self.final or self.evaluations
        return max(found, key=lambda one: (sign * one[task.metric], -one["loss"]), default=None)

    def since_best(self, task: Task, pretraining: int = 0) -> int:
        """Evaluations after the best one, without those while pretraining."""
        best = self.best(task)
        later = [] if best is None else self.evaluations[self.evaluations.index(best) + 1 :]
        return sum(measures["step"] > max(pretraining, self.provisional) for measures in later)

    def steps_to_solved(self, task: Task) -> int | None:
        """The step of the first evaluation that met the task's criterion."""
        return next((int(measures["step"]) for measures in self.final if task.solved(measures)), None)

    def ending(self, task: Task, settings: TrainingSettings, *, pretraining: int = 0) -> Ending | None:
        """Whether the run is over, and why; patience begins after pretraining."""
        solved = self.steps_to_solved(task)
        if settings.stop_when_solved and solved is not None:
            return Ending("solved", f"solved at step {solved}")
        if settings.patience is not None and self.since_best(task, pretraining) >= settings.patience:
            return Ending("stopped early", f"no better {task.metric} in {settings.patience} evaluations")
        if self.step >= settings.steps:
            return Ending("finished", f"all {settings.steps} steps done")
        return None
