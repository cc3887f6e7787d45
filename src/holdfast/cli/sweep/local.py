"""The engine that needs nothing else: trials in processes of this machine."""

from holdfast.cli.compare import execute
from holdfast.cli.follow import Followed
from holdfast.cli.sweep.proposals import Grid, Proposals
from holdfast.cli.sweep.trial import Base, Refused, teach
from holdfast.training.opening import open_record


def sweep_here(base: Base, proposals: Proposals, workers: int) -> list[Followed]:
    """Runs every proposal, so many at once; a search learns from each batch before it proposes the next.

    What is finished is not done again, and what was cut goes on. A point that is refused is a trial that failed.
    """
    trials: list[Followed] = []
    while points := _batch(proposals, workers):
        batch = [base.tried(point) for point in points]
        possible = [trial for trial in batch if not isinstance(trial, Refused)]
        for trial in possible:
            open_record(trial.folder, trial.settings)
        if possible:
            execute(possible, workers)
        for point, trial in zip(points, batch, strict=True):
            teach(proposals, point, trial)
        trials += batch
    return trials


def _batch(proposals: Proposals, workers: int) -> list[dict]:
    """As many points as can run at once; of a grid, which learns nothing, all."""
    points = []
    while isinstance(proposals, Grid) or len(points) < workers:
        point = proposals.next()
        if point is None:
            break
        points.append(point)
    return points
