"""Where runs are asked to differ from the paper's, told once where most models do, and then only where one does not."""

from collections import Counter
from collections.abc import Sequence

from holdfast.experiments.question import NOT_IN_PAPER


def shared_by_most(departures: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What holds for more than half of the models of the paper, in the order of the first that has it."""
    counts = Counter(words for own in departures for words in own)
    compared = sum(list(own) != [NOT_IN_PAPER] for own in departures)
    return tuple(words for words, count in counts.items() if 2 * count > compared and words != NOT_IN_PAPER)


def apart_from(shared: Sequence[str], own: Sequence[str]) -> list[str]:
    """What a model's row says: what it does not share, and which of the shared departures it does not make."""
    told = [words for words in own if words not in shared]
    if list(own) == [NOT_IN_PAPER]:
        return told
    named = {_setting(words) for words in own}
    return told + [f"{_setting(words)} as in the paper" for words in shared if _setting(words) not in named]


def _setting(departure: str) -> str:
    """The name of the setting that "task.lag 200 instead of 480" is about."""
    return departure.partition(" ")[0]
