"""Two cells have one fingerprint only if they compute the same; what can't be told has none."""

import dataclasses
import types

import pytest
import torch
from torch import nn

from holdfast.compiler.fingerprint import fingerprint
from holdfast.compiler.sources import FOLDERS

from .workloads import NAMES, build

TEXT = """
import torch, math
import torch.nn.functional as F
from dataclasses import dataclass
from torch import nn
from holdfast import Cell

SCALE = 0.5
FACTORS = [1.0, 2.0]

def squash(x):
    return bend(x) * SCALE

def bend(x):
    return x.tanh()

class Base(Cell):
    def before(self, x):
        return F.linear(x, self.weight_ih)

@dataclass(frozen=True)
class Gate:
    slope: float = 1.0

    def __call__(self, x):
        return self.open(x)

    def open(self, x):
        return (self.slope * x).sigmoid()

class Inner(nn.Module):
    def forward(self, x):
        return x * math.pi

class Mine(Base):
    power = 2

    def __init__(self, input_size=3, hidden_size=4, slope=1.0):
        super().__init__(input_size, hidden_size)
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.gate, self.inner, self.options = Gate(slope), Inner(), {"deep": [1, (2, 3)]}

    def project(self, x):
        return self.before(x)

    def step(self, p, state):
        a = squash(p + F.linear(state.h, self.weight_hh)) * FACTORS[1]
        return self.gate(a) * state.h + self.inner(a) ** self.power
"""


def module(text: str = TEXT) -> types.ModuleType:
    """The text as a module of its own."""
    made = types.ModuleType("mine")
    exec(compile(text, "mine.py", "exec"), vars(made))
    return made


def mark(text: str = TEXT, **options) -> str:
    found = fingerprint(module(text).Mine(**options))
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_of_the_catalogue_has_one(name):
    first, second = (fingerprint(build(name, 3, 10)._cell(0)) for _ in range(2))
    assert first is not None
    assert first == second


def test_cells_of_the_catalogue_are_told_apart():
    assert len({fingerprint(build(name, 3, 10)._cell(0)) for name in NAMES}) == len(NAMES)


def test_the_same_text_gives_the_same_one_wherever_it_stands():
    assert mark() == mark() == mark("# a remark\n\n" + TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a = squash(p +", "a = squash(p -"),
        ("bend(x) * SCALE", "bend(x) / SCALE"),
        ("return x.tanh()", "return x.sin()"),
        ("SCALE = 0.5", "SCALE = 0.25"),
        ("[1.0, 2.0]", "[1.0, 3.0]"),
        ("(self.slope * x).sigmoid()", "(self.slope + x).sigmoid()"),
        ("return x * math.pi", "return x * math.e"),
        ("power = 2", "power = 3"),
        ("F.linear(x, self.weight_ih)", "F.linear(x, 2 * self.weight_ih)"),
        ("(2, 3)", "(2, 4)"),
    ],
)
def test_every_edit_of_what_runs_gives_another(old, new):
    assert TEXT.count(old) == 1
    assert mark(TEXT.replace(old, new)) != mark()


@pytest.mark.parametrize("options", [{"input_size": 5}, {"hidden_size": 5}, {"slope": 2.0}], ids=str)
def test_other_settings_give_another(options):
    assert mark(**options) != mark()


def test_a_changed_constant_helper_or_method_of_a_loaded_module_is_seen():
    loaded = module()
    cell = loaded.Mine()
    marks = [fingerprint(cell)]
    for change in (
        lambda: setattr(loaded, "SCALE", 3.0),
        lambda: loaded.FACTORS.append(1.0),
        lambda: setattr(loaded, "bend", lambda x: x.cos()),
        lambda: setattr(loaded.Gate, "open", lambda self, x: x),
        lambda: setattr(loaded.Base, "before", lambda self, x: x),
        lambda: setattr(cell, "step", lambda p, state: p),
        lambda: setattr(cell.inner, "factor", 3),
        cell.eval,
        cell.double,
    ):
        change()
        marks.append(fingerprint(cell))
    assert None not in marks
    assert len(set(marks)) == len(marks)


def test_parameters_that_are_one_are_told_from_two():
    one, two = (module().Mine(4, 4) for _ in range(2))
    one.weight_hh = one.weight_ih
    assert fingerprint(one) != fingerprint(two)


def test_running_a_step_changes_nothing():
    cell = module().Mine()
    before = fingerprint(cell)
    for _ in range(100):
        cell.next_state(cell.project(torch.ones(2, 3)), cell.initial_state(2, like=torch.ones(1)))
    assert fingerprint(cell) == before


def test_the_default_dtype_is_part_of_it():
    cell = module().Mine()
    before = fingerprint(cell)
    torch.set_default_dtype(torch.float64)
    try:
        assert fingerprint(cell) != before
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    "step",
    [
        "getattr(self, 'power') * p",
        "vars(self)['power'] * p",
        "self.__dict__['power'] * p",
        "type(self.gate)(2.0)(p)",
        "self.gate.__class__(2.0)(p)",
        "Gate(2.0)(p)",
        "globals()['squash'](p)",
        "self.get_submodule('inner')(p)",
        "eval('p * SCALE')",
        "OUTSIDE * p",
        "torch.ops.aten.sin(p)",
        "sys.modules['mine'].squash(p)",
        "__import__('math').pi * p",
        "undefined(p)",
    ],
)
def test_what_can_not_be_told_has_none(step):
    line = "return self.gate(a) * state.h + self.inner(a) ** self.power"
    text = TEXT.replace(line, f"return {step}") + "\nimport sys\nOUTSIDE = torch.ones(4)\n"
    assert fingerprint(module(text).Mine()) is None


def bound(cell):
    cell.step = types.MethodType(lambda self, p, state: p, cell)


def hooked(cell):
    cell.inner.register_forward_hook(lambda module, given, output: 2 * output)


def parametrised(cell):
    nn.utils.parametrizations.orthogonal(cell, "weight_hh")


def holding_anything(cell):
    cell.anything = iter([])


def holding_a_tensor(cell):
    cell.anything = torch.ones(3)


@pytest.mark.parametrize("changed", [bound, hooked, parametrised, holding_anything, holding_a_tensor])
def test_an_instance_that_was_tampered_with_has_none(changed):
    cell = module().Mine()
    changed(cell)
    assert fingerprint(cell) is None


def test_a_method_that_is_added_to_tensors_is_not_taken_for_torchs(monkeypatch):
    line = "return x.tanh()"
    text = TEXT.replace(line, "return x.bent()")
    monkeypatch.setattr(torch.Tensor, "bent", lambda self: self.tanh(), raising=False)
    assert fingerprint(module(text).Mine()) is None


def test_a_function_of_torchs_that_was_replaced_is_seen(monkeypatch):
    before = mark()
    monkeypatch.setattr(torch.nn.functional, "linear", lambda x, weight: x @ weight.T)
    assert mark() != before


def test_a_global_hook_leaves_none():
    handle = nn.modules.module.register_module_forward_hook(lambda module, given, output: None)
    try:
        assert fingerprint(module().Mine()) is None
    finally:
        handle.remove()


def test_gates_are_values():
    loaded = module()
    cell = loaded.Mine()
    before = fingerprint(cell)
    cell.gate = dataclasses.replace(cell.gate)
    assert fingerprint(cell) == before


def test_another_version_of_the_compiler_or_of_the_cells_gives_another(monkeypatch):
    before = mark()
    assert {folder.name for folder in FOLDERS} == {"cells", "compiler"}
    monkeypatch.setattr("holdfast.compiler.fingerprint.SOURCES", "another")
    assert mark() != before
