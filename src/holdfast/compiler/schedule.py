"""Stage 7: in which order a step is computed, and which values are written to memory.

A step becomes stages: matrix products, which work on all rows of a thread at once, and between them stretches of loops,
which work on one row after the other. Loops of the same shape are fused where no one needs another's whole result.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from math import prod

from holdfast.compiler.index import Index, Split, Unsplittable, flat, follow, variable
from holdfast.compiler.ir import ELEMENTWISE, EXPENSIVE, REDUCTIONS, Value, is_mask
from holdfast.compiler.refusal import Refusal


@dataclass(eq=False)
class Store:
    """Part of a value, to be written.

    Args:
        value: what is written.
        offset: where the part begins, on each axis of the value.
        shape: its extents, which are those of the loops; for a reduction those over its argument's axes follow.
        reads: stored values that it reads, and where.
        computes: what is computed on the way, and where.
    """

    value: Value
    offset: tuple[int, ...]
    shape: tuple[int, ...]
    reads: set[tuple[Value, Index]] = field(default_factory=set)
    computes: set[tuple[Value, Index]] = field(default_factory=set)

    @property
    def place(self) -> Index:
        """Where the loops write."""
        return flat(tuple(variable(k) + Index(start) for k, start in enumerate(self.offset)), self.value.shape)


@dataclass(eq=False)
class Loop:
    """Stores that are done in one nest of loops."""

    shape: tuple[int, ...]
    stores: list[Store]

    @property
    def kind(self) -> str:
        """elementwise, sum, amax, amin or cumsum."""
        op = self.stores[0].value.op
        return op if op in REDUCTIONS | {"cumsum"} else "elementwise"


@dataclass(frozen=True)
class Stage:
    """Matrix products, then loops over one row after the other."""

    products: tuple[Value, ...]
    loops: tuple[Loop, ...]


@dataclass(frozen=True)
class Schedule:
    """A step.

    Args:
        stages: in order.
        stored: all values that are written, in order.
        crossing: those that a later stage reads, so that each row needs its own copy.
    """

    stages: tuple[Stage, ...]
    stored: tuple[Value, ...]
    crossing: frozenset[Value]


def schedule(roots: tuple[Value, ...], known: frozenset[Value]) -> Schedule:
    """The order in which `roots` are computed, where `known` values are in memory already.

    Raises:
        Refusal: a mask would have to be stored.
    """
    stored = must_be_stored(roots, known)
    while True:
        try:
            stages = arrange(roots, known, stored)
        except Unsplittable as unsplittable:
            stored.add(unsplittable.value)
            continue
        again = computed_twice(stages) - stored
        if not again:
            break
        stored |= again
    if any(is_mask(value) for value in stored):
        raise Refusal("a state is a mask; turn it into numbers with torch.where")
    order = [v for stage in stages for v in (*stage.products, *(s.value for loop in stage.loops for s in loop.stores))]
    return Schedule(tuple(stages), tuple(dict.fromkeys(order)), frozenset(crossing(stages)))


def base(value: Value) -> tuple[Value, int]:
    """What a run of neighbouring places of a row is part of, and where it begins."""
    start = 0
    while value.op == "affine" and len(value.shape) == 1 == len(value.args[0].shape):
        ((first, steps),) = value.attributes["index"]
        if steps != {0: 1}:
            break
        start, value = start + first, value.args[0]
    return value, start


def sources_of(product: Value) -> list[Value]:
    """What lies in memory behind the rows of a matrix product."""
    return [base(rows)[0] for rows in product.args[::2]]


def live(roots: tuple[Value, ...], known: frozenset[Value]) -> list[Value]:
    """What must be computed: everything behind the roots, up to what is known."""
    order: dict[Value, None] = {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        value, ready = stack.pop()
        if ready:
            order[value] = None
        elif value not in order and value not in known:
            stack.append((value, True))
            stack.extend((arg, False) for arg in reversed(value.args))
    return list(order)


def must_be_stored(roots: tuple[Value, ...], known: frozenset[Value]) -> set[Value]:
    """Roots; matrix products and what they read; results of reductions; what is reshaped or summed up."""
    stored = set(roots)
    for value in live(roots, known):
        if value.op == "mm":
            stored |= {value, *sources_of(value)}
        elif value.op in REDUCTIONS:
            stored.add(value)
        elif value.op == "cumsum":
            stored |= {value, value.args[0]}
        elif value.op == "reshape":
            stored.add(value.args[0])
    return {value for value in stored if value not in known and value.op not in ("input", "parameter")}


def arrange(roots: tuple[Value, ...], known: frozenset[Value], stored: set[Value]) -> list[Stage]:
    """Stages for a given choice of what is stored."""
    order = live(roots, known)
    levels = stage_numbers(order, known)
    count = 1 + max(levels.values(), default=0)
    products: dict[int, list[Value]] = defaultdict(list)
    loops: dict[int, list[Loop]] = defaultdict(list)
    for value in order:
        if value in stored and value.op == "mm":
            products[levels[value]].append(value)
        elif value in stored:
            for part in parts_of(value, known, stored):
                join(part, loops[levels[value]])
    return [Stage(tuple(products[k]), tuple(loops[k])) for k in range(count)]


def stage_numbers(order: list[Value], known: frozenset[Value]) -> dict[Value, int]:
    """The first stage in which each value can be had. A product comes before the loops of its stage."""
    levels: dict[Value, int] = {}
    for value in order:
        if value.op == "mm":
            late = [source for source in sources_of(value) if source not in known and source.op != "input"]
            levels[value] = max((levels[source] + 1 for source in late), default=0)
        else:
            levels[value] = max((levels.get(arg, 0) for arg in value.args), default=0)
    return levels


def parts_of(value: Value, known: frozenset[Value], stored: set[Value]) -> list[Store]:
    """The loops that write a value: one, or several where it is read from pieces of concatenations."""
    done, todo = [], [Store(value, (0,) * len(value.shape), loop_shape(value))]
    while todo:
        part = todo.pop()
        try:
            trace_reads(part, known, stored)
        except Split as split:
            if split.variable >= len(value.shape):
                raise Unsplittable(value.args[0]) from None
            todo += halves(part, split)[::-1]
        else:
            done.append(part)
    return done


def loop_shape(value: Value) -> tuple[int, ...]:
    """The extents of the loops that compute a value."""
    if value.op not in REDUCTIONS:
        return value.shape
    return value.shape + tuple(value.args[0].shape[axis] for axis in value.attributes["axes"])


def halves(part: Store, split: Split) -> list[Store]:
    """A store, cut in two."""
    k, at = split.variable, split.at
    offset = (*part.offset[:k], part.offset[k] + at, *part.offset[k + 1 :])
    first, second = ((*part.shape[:k], size, *part.shape[k + 1 :]) for size in (at, part.shape[k] - at))
    return [Store(part.value, part.offset, first), Store(part.value, offset, second)]


def arguments(value: Value, index: tuple[Index, ...]) -> list[tuple[Value, tuple[Index, ...]]]:
    """What a computed value reads, and where; a reduction reads along the loops behind its own axes."""
    if value.op in REDUCTIONS:
        axes, own = value.attributes["axes"], iter(index)
        inner = {axis: variable(len(value.shape) + k) for k, axis in enumerate(axes)}
        return [(value.args[0], tuple(inner[k] if k in inner else next(own) for k in range(len(value.args[0].shape))))]
    return [(arg, index) for arg in value.args]


def trace_reads(part: Store, known: frozenset[Value], stored: set[Value]) -> None:
    """Fill in what a store reads and computes."""
    part.reads.clear()
    part.computes.clear()

    def in_memory(value: Value) -> bool:
        return value in known or value in stored or value.op in ("input", "parameter")

    def visit(value: Value, index: tuple[Index, ...]) -> None:
        for arg, where in arguments(value, index):
            found, within, place = follow(arg, where, in_memory, part.shape)
            if in_memory(found):
                part.reads.add((found, place))
            elif found.op != "constant" and (found, place) not in part.computes:
                part.computes.add((found, place))
                visit(found, within)

    index = tuple(variable(k) + Index(start) for k, start in enumerate(part.offset))
    if part.value.op in ELEMENTWISE | REDUCTIONS | {"cumsum"}:
        visit(part.value, index)
    else:  # a view or a constant that is to be written out
        found, within, place = follow(part.value, index, lambda v: v is not part.value and in_memory(v), part.shape)
        if in_memory(found):
            part.reads.add((found, place))
        elif found.op != "constant":
            part.computes.add((found, place))
            visit(found, within)


def join(part: Store, loops: list[Loop]) -> None:
    """Put a store into the first loop of its shape that comes late enough, or into a new one."""
    earliest, same = 0, part.value.op in ELEMENTWISE or part.value.op not in REDUCTIONS | {"cumsum"}
    for number, loop in enumerate(loops):
        for store in loop.stores:
            for value, place in part.reads:
                if store.value is value and not disjoint(store, part, place):
                    fits = same and loop.kind == "elementwise" and loop.shape == part.shape and store.place == place
                    earliest = max(earliest, number if fits else number + 1)
    for loop in loops[earliest:]:
        if same and loop.kind == "elementwise" and loop.shape == part.shape:
            loop.stores.append(part)
            return
    loops.append(Loop(part.shape, [part]))


def disjoint(store: Store, reader: Store, place: Index) -> bool:
    """Whether a store surely writes nothing of what a reader reads."""
    low, high = place.bounds(reader.shape)
    first, last = store.place.bounds(store.shape)
    return last < low or high < first


def computed_twice(stages: list[Stage]) -> set[Value]:
    """Dear values that several loops compute at the same place."""
    seen: dict[tuple[Value, Index, int], Loop] = {}
    twice = set()
    for stage in stages:
        for loop in stage.loops:
            for store in loop.stores:
                for value, place in store.computes:
                    if value.op in EXPENSIVE:
                        key = (value, place, prod(loop.shape))
                        if seen.setdefault(key, loop) is not loop:
                            twice.add(value)
    return twice


def crossing(stages: list[Stage]) -> set[Value]:
    """Values that are read by a later stage than the one that writes them, or that a product reads or writes."""
    written, across = {}, set()
    for number, stage in enumerate(stages):
        for value in stage.products:
            across |= {value, *sources_of(value)}
        for loop in stage.loops:
            for store in loop.stores:
                written.setdefault(store.value, number)
                across |= {value for value, _ in store.reads if written.get(value, number) < number}
    return across
