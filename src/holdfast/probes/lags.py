"""The longest lag that is solved, found by doubling."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class LagSearch:
    """What a search has found.

    Args:
        longest: the longest lag that was solved; None if none was.
        tried: every lag that was tried, in order, and whether it was solved.
        limit: none above was tried.
    """

    longest: int | None
    tried: tuple[tuple[int, bool], ...]
    limit: int


def longest_lag(solves: Callable[[int], bool], start: int, *, limit: int, least: int = 1) -> LagSearch:
    """Doubles the lag until it is no longer solved; where the first one is not, halves it until it is.

        search = longest_lag(lambda lag: train(model(), Copying(lag=lag), settings).status == "solved", 25, limit=800)

    Args:
        solves: whether a lag is solved: by training anew, or by asking a trained model. What is solved at one lag is
            taken to be at shorter ones.
        start: the first lag; at least `least`.
        limit: the longest that is tried; at least `start`.
        least: the shortest that is tried; at least 1.

    Raises:
        ValueError: `start`, `limit` or `least` is out of range.
    """
    if not 1 <= least <= start <= limit:
        said = f"got least {least}, start {start} and limit {limit}"
        raise ValueError(f"longest_lag expects 1 <= least <= start <= limit, {said}")
    tried = [(start, solves(start))]
    while tried[-1][1] and tried[-1][0] * 2 <= limit:
        lag = tried[-1][0] * 2
        tried.append((lag, solves(lag)))
    if not tried[0][1]:
        while not tried[-1][1] and tried[-1][0] // 2 >= least:
            lag = tried[-1][0] // 2
            tried.append((lag, solves(lag)))
    return LagSearch(max((lag for lag, solved in tried if solved), default=None), tuple(tried), limit)
