"""Stage 6: fewer and larger matrix products.

summed   x W + h V               one product over the columns of x and h, so that no sum passes through memory
shared   h V, h W, and h U       one product of h with [V W U], of which the three are slices
narrow   x W, x of one number    an elementwise product of x with the one row of W

A product that somebody else is to find in memory (a result of the step, or what is kept) stays as it is.
"""

from collections import Counter, defaultdict
from dataclasses import replace

from holdfast.compiler.ir import Value, elementwise, part, reshape, walk
from holdfast.compiler.partition import Parts
from holdfast.compiler.recipe import At, Operation


def merge(parts: Parts, kept: tuple[Value, ...]) -> tuple[Parts, tuple[Value, ...]]:
    """The same step with merged products, and what is kept of it."""
    parts, kept = rebuilt(parts, kept, summed(roots_of(parts, kept)))
    together, arrays = shared(roots_of(parts, kept))
    parts, kept = rebuilt(parts, kept, together)
    parts, kept = rebuilt(parts, kept, narrow(roots_of(parts, kept)))
    return with_joined_arrays(parts, kept, arrays), kept


def roots_of(parts: Parts, kept: tuple[Value, ...]) -> tuple[Value, ...]:
    """What must be found in memory."""
    return (*parts.new_states, parts.input_gradient, *parts.state_gradients, *parts.factors, *kept)


def rebuilt(parts: Parts, kept: tuple[Value, ...], new: dict[Value, Value]) -> tuple[Parts, tuple[Value, ...]]:
    """Everything in terms of new values."""
    contractions = tuple(
        replace(c, left=new[c.left], right=None if c.right is None else new[c.right]) for c in parts.contractions
    )
    changed = replace(
        parts,
        new_states=tuple(new[value] for value in parts.new_states),
        input_gradient=new[parts.input_gradient],
        state_gradients=tuple(new[value] for value in parts.state_gradients),
        contractions=contractions,
    )
    return changed, tuple(new[value] for value in kept)


def uses(roots: tuple[Value, ...]) -> Counter[Value]:
    """How often each value is read; to be found in memory counts as well."""
    return Counter([*roots, *(arg for value in walk(*roots) for arg in value.args)])


def on_new_arguments(value: Value, new: dict[Value, Value]) -> Value:
    """The value itself, or the same operation on what its arguments have become."""
    args = tuple(new[arg] for arg in value.args)
    return value if args == value.args else Value(value.op, args, value.shape, value.attributes)


def summed(roots: tuple[Value, ...]) -> dict[Value, Value]:
    """For every value a new one, in which sums of products are one product each."""
    count, new = uses(roots), {}
    for value in walk(*roots):
        new[value] = on_new_arguments(value, new)
        if value.op == "add":
            (left, more), (right, rest) = (product_and_rest(new[arg], alone=count[arg] == 1) for arg in value.args)
            if left is not None and right is not None:
                both = Value("mm", left.args + right.args, value.shape)
                others = [term for term in (more, rest) if term is not None]
                new[value] = elementwise("add", both, sum_of(others)) if others else both
    return new


def product_and_rest(value: Value, *, alone: bool) -> tuple[Value | None, Value | None]:
    """A term of a sum as a product, which may join another, and what is added to it."""
    if alone and value.op == "mm":
        return value, None
    if alone and value.op == "add":
        for product, rest in (value.args, value.args[::-1]):
            if product.op == "mm" and rest.op != "mm":
                return product, rest
    return None, value


def sum_of(terms: list[Value]) -> Value:
    """One value or two, added."""
    return terms[0] if len(terms) == 1 else elementwise("add", *terms)


def shared(roots: tuple[Value, ...]) -> tuple[dict[Value, Value], dict[str, list[str]]]:
    """For every value a new one, in which products of the same rows are slices of one; and the weights to be joined."""
    alike: dict[tuple[Value, ...], list[Value]] = defaultdict(list)
    for value in walk(*roots):
        if value.op == "mm" and value not in roots:
            alike[value.args[::2]].append(value)
    new: dict[Value, Value] = {}
    joined: dict[str, list[str]] = {}
    whole_of = {value: group for group in alike.values() if len(group) > 1 for value in group}
    made: dict[Value, Value] = {}
    for value in walk(*roots):
        if value not in whole_of:
            new[value] = on_new_arguments(value, new)
            continue
        group = whole_of[value]
        if group[0] not in made:
            made[group[0]] = side_by_side(group, new, joined)
        start = sum(other.size for other in group[: group.index(value)])
        new[value] = part(made[group[0]], 0, start, value.size)
    return new, joined


def side_by_side(group: list[Value], new: dict[Value, Value], joined: dict[str, list[str]]) -> Value:
    """One product for a group of products of the same rows; notes which arrays make its weights."""
    width, args = sum(value.size for value in group), []
    for k, rows in enumerate(group[0].args[::2]):
        weights = [value.args[2 * k + 1] for value in group]
        names = [weight.attributes["name"] for weight in weights]
        name = "_and_".join(names)
        joined[name] = names
        args += [new[rows], Value("parameter", (), (weights[0].shape[0], width), {"name": name})]
    return Value("mm", tuple(args), (width,))


def narrow(roots: tuple[Value, ...]) -> dict[Value, Value]:
    """For every value a new one, in which products of single numbers are elementwise."""
    new: dict[Value, Value] = {}
    for value in walk(*roots):
        new[value] = on_new_arguments(value, new)
        if value.op == "mm" and value.args[0].shape == (1,) and len(value.args) == 2:
            number, weight = new[value.args[0]], value.args[1]
            new[value] = elementwise("mul", number, reshape(weight, value.shape))
    return new


def with_joined_arrays(parts: Parts, kept: tuple[Value, ...], joined: dict[str, list[str]]) -> Parts:
    """The parts with a prologue that joins weights, and leaves out arrays that nothing reads any more."""
    read = {v.attributes["name"] for v in walk(*roots_of(parts, kept)) if v.op == "parameter"}
    place_of = {
        name: place for name, place in zip(parts.arrays, parts.prologue.results, strict=True) if place is not None
    }
    prologue = parts.prologue
    for name, names in joined.items():
        place_of[name] = prologue.inputs + len(prologue.operations)
        weights = tuple(At(place_of[each]) for each in names)
        operations = (*prologue.operations, Operation("aten.cat.default", (weights, 1), {}))
        prologue = replace(prologue, operations=operations)
    arrays = [name for name in place_of if name in read]
    prologue = replace(prologue, results=tuple(place_of[name] for name in arrays)).without_the_unused()
    return replace(parts, prologue=prologue, arrays=tuple(arrays))
