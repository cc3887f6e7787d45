"""How the learning rate falls: a pure function of the step and of the evaluations so far.

So a schedule has no state of its own, and a resumed run can't disagree with one that was not interrupted.
"""

from collections.abc import Sequence

from holdfast.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, step: int, losses: Sequence[float], *, pretraining: int = 0) -> float:
    """The rate of one update.

        rate = learning_rate / 2^halvings

    A schedule begins anew after pretraining; within it, "halving" halves once, halfway.

    Args:
        settings: with the schedule and its numbers.
        step: updates before this one.
        losses: the validation losses of all evaluations before it, without those while pretraining.
        pretraining: updates that are pretraining.
    """
    return settings.learning_rate * 0.5 ** halvings(settings, step, losses, pretraining=pretraining)


def halvings(settings: TrainingSettings, step: int, losses: Sequence[float], *, pretraining: int = 0) -> int:
    """How often the rate has been halved."""
    if settings.schedule == "halving":
        assert settings.halve_every is not None
        return int(2 * step >= pretraining) if step < pretraining else (step - pretraining) // settings.halve_every
    return plateaus(losses) if settings.schedule == "plateau" else 0


def plateaus(losses: Sequence[float]) -> int:
    """How many losses are not below all that came before them."""
    return sum(loss >= min(losses[:k]) for k, loss in enumerate(losses) if k > 0)
