"""Where a loop reads: indices that are linear in the loop's variables, and views followed to what they show."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.compiler.ir import Value, constant


@dataclass(frozen=True)
class Index:
    """start + sum of step * variable; variables are the numbers of a loop nest's axes, outermost first."""

    start: int = 0
    steps: tuple[tuple[int, int], ...] = ()

    def __add__(self, other: "Index") -> "Index":
        steps = dict(self.steps)
        for variable, step in other.steps:
            steps[variable] = steps.get(variable, 0) + step
        return Index(self.start + other.start, tuple(sorted((v, s) for v, s in steps.items() if s)))

    def __mul__(self, factor: int) -> "Index":
        return Index(self.start * factor, tuple((v, s * factor) for v, s in self.steps if factor))

    def step(self, variable: int) -> int:
        """By how much it moves with one variable."""
        return dict(self.steps).get(variable, 0)

    def bounds(self, extents: tuple[int, ...]) -> tuple[int, int]:
        """Its least and greatest value over the loops."""
        moves = [step * (extents[variable] - 1) for variable, step in self.steps]
        return self.start + sum(min(0, m) for m in moves), self.start + sum(max(0, m) for m in moves)


def variable(number: int) -> Index:
    """The loop variable itself."""
    return Index(0, ((number, 1),))


def flat(index: tuple[Index, ...], shape: tuple[int, ...]) -> Index:
    """The place in row-major order."""
    place = Index()
    for axis, size in zip(index, shape, strict=True):
        place = place * size + axis
    return place


class Split(Exception):  # noqa: N818  (a request, not a mistake)
    """A loop reads from two pieces of a concatenation: it must be cut in two where one variable reaches `at`."""

    def __init__(self, variable: int, at: int):
        super().__init__(variable, at)
        self.variable, self.at = variable, at


class Unsplittable(Exception):  # noqa: N818
    """A concatenation is read in a way that no cut of the loop resolves: `value` must be written out."""

    def __init__(self, value: Value):
        super().__init__(value)
        self.value = value


def follow(value: Value, index: tuple[Index, ...], stored: Callable[[Value], bool], extents: tuple[int, ...]):
    """Through views and concatenations to a value that is stored, computed or a leaf, and the place that is read.

    Returns:
        the value, the index of each of its axes, and where it is read as a row-major array, its flat place.

    Raises:
        Split: the loop must be cut first.
        Unsplittable: the concatenation must be stored.
    """
    while not stored(value):
        if value.op == "affine":
            index = tuple(
                sum((index[axis] * step for axis, step in steps.items()), Index(start))
                for start, steps in value.attributes["index"]
            )
            value = value.args[0]
        elif value.op == "reshape":
            return value.args[0], (), flat(index, value.shape)
        elif value.op == "cat":
            value, index = piece(value, index, extents)
        else:
            break
    if value.op == "constant":
        return constant(value.attributes["value"]), (), Index()
    return value, index, flat(index, value.shape)


def piece(value: Value, index: tuple[Index, ...], extents: tuple[int, ...]) -> tuple[Value, tuple[Index, ...]]:
    """The part of a concatenation that an index lies in, and the index within it."""
    axis = value.attributes["axis"]
    low, high = index[axis].bounds(extents)
    start = 0
    for part in value.args:
        end = start + part.shape[axis]
        if low >= start and high < end:
            return part, (*index[:axis], index[axis] + Index(-start), *index[axis + 1 :])
        if start <= low < end:
            raise cut(value, index[axis], end)
        start = end
    raise AssertionError("an index lies outside of the array")


def cut(value: Value, index: Index, end: int) -> Split | Unsplittable:
    """Where to cut the loop so that `index` does not cross `end`."""
    if len(index.steps) != 1 or index.steps[0][1] != 1:
        return Unsplittable(value)
    return Split(index.steps[0][0], end - index.start)
