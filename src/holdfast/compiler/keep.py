"""Stage 5: what the forward pass keeps for the backward pass, and what is computed again there.

What was dear to compute (products, transcendental functions, sums) is kept; what follows from kept values by cheap
arithmetic, or from a state by a single function as tanh(c) does, is computed again, since memory is slower than
arithmetic.
"""

from holdfast.compiler.ir import ELEMENTWISE, EXPENSIVE, LEAVES, VIEWS, Value, is_mask, walk
from holdfast.compiler.partition import Parts
from holdfast.compiler.schedule import base

QUICK = frozenset({"tanh", "sigmoid"})


def late_values(parts: Parts) -> set[Value]:
    """Values that depend on a cotangent: the backward pass."""
    late: set[Value] = set()
    for value in walk(parts.input_gradient, *parts.state_gradients, *parts.factors):
        is_cotangent = value.op == "input" and value.attributes["name"].startswith(("carry", "d_output"))
        if is_cotangent or any(arg in late for arg in value.args):
            late.add(value)
    return late


def choose_kept(parts: Parts) -> tuple[Value, ...]:
    """The values of the forward step that are kept, apart from the states."""
    late = late_values(parts)
    roots = (parts.input_gradient, *parts.state_gradients, *parts.factors)
    kept: dict[Value, None] = {}
    free = set(parts.new_states)
    for value in dict.fromkeys(base(factor)[0] for factor in parts.factors):
        if value not in late and value.op not in LEAVES and value not in free:
            kept[value] = None
    wanted = list(boundary(roots, late))
    for value in wanted:
        if is_dear(value) and value not in free and not is_function_of_state(value, free):
            kept[value] = None
    for value in wanted:
        if value not in kept and value not in free and not follows(value, kept, free):
            kept |= dict.fromkeys(cheapest(value, kept, free))
    return tuple(kept)


def boundary(roots: tuple[Value, ...], late: set[Value]) -> dict[Value, None]:
    """Forward values that the backward pass reads, seen through views."""
    found: dict[Value, None] = {}

    def reach(value: Value) -> None:
        if value.op in LEAVES or value in found:
            return
        if value.op in VIEWS or value.op == "cat":
            for arg in value.args:
                reach(arg)
        else:
            found[value] = None

    for value in walk(*roots):
        if value in late:
            for arg in value.args:
                if arg not in late:
                    reach(arg)
        elif value in roots:
            reach(value)
    return found


def is_dear(value: Value) -> bool:
    """Whether a value costs more to compute again than to keep."""
    return value.op in EXPENSIVE or value.op not in (ELEMENTWISE | LEAVES | VIEWS | {"cat"})


def is_function_of_state(value: Value, free: set[Value]) -> bool:
    """Whether a value is one of the quick functions of a new state, which is there anyway."""
    return value.op in QUICK and value.args[0] in free


def follows(value: Value, kept: dict[Value, None], free: set[Value]) -> bool:
    """Whether a value can be had by cheap arithmetic from what there is anyway."""
    if value in kept or value in free or value.op in LEAVES or is_function_of_state(value, free):
        return True
    return not is_dear(value) and all(follows(arg, kept, free) for arg in value.args)


def cheapest(value: Value, kept: dict[Value, None], free: set[Value]) -> list[Value]:
    """What to keep so that a cheap value can be had: it, or what it follows from, whichever takes less memory."""
    sources = [dear for dear in dear_sources(value) if dear not in kept and dear not in free]
    itself = storable(value)
    return sources if sum(v.size for v in sources) <= sum(v.size for v in itself) else itself


def dear_sources(value: Value) -> dict[Value, None]:
    """The dear values from which a cheap one follows."""
    if value.op in LEAVES:
        return {}
    if is_dear(value):
        return {value: None}
    return {source: None for arg in value.args for source in dear_sources(arg)}


def storable(value: Value) -> list[Value]:
    """The value itself, or, for a mask, the numbers that it compares."""
    if not is_mask(value):
        return [value]
    return [kept for arg in value.args if arg.op not in LEAVES for kept in storable(arg)]
