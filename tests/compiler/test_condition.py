"""A cell that was changed is noticed, wherever in it the change is."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

import holdfast
from holdfast.backends.compiled import KERNELS
from holdfast.backends.condition import Condition, at, plain_settings
from holdfast.cells import RNN


class Slope:
    """An object of the user's own."""

    def __init__(self):
        self.value = 0.1


class Holder(RNN):
    """A cell that keeps its settings in every possible place."""

    def __init__(self, input_size, hidden_size, *, device=None, dtype=None):
        super().__init__(input_size, hidden_size, device=device, dtype=dtype)
        self.act = nn.LeakyReLU(0.1)
        self.stack = nn.Sequential(nn.Linear(hidden_size, hidden_size, bias=False, dtype=dtype), nn.Tanh())
        self.listed, self.named, self.record, self.own = [0.1, [0.2]], {"slope": 0.1}, SimpleNamespace(a=1), Slope()
        self.parent, self.arrays = (self,), {"mask": torch.zeros(3)}

    def step(self, p, state):
        return self.act(super().step(p, state)) * self.listed[0]


CHANGES = {
    "a plain attribute": lambda cell: setattr(cell, "nonlinearity", "relu"),
    "an attribute of a module": lambda cell: setattr(cell.act, "negative_slope", 0.9),
    "a module": lambda cell: setattr(cell, "act", nn.Sigmoid()),
    "a module in a module": lambda cell: cell.stack.__setitem__(1, nn.ReLU()),
    "the mode of a module": lambda cell: cell.stack[1].eval(),
    "a hook": lambda cell: cell.act.register_forward_hook(lambda *_: None),
    "an item of a list": lambda cell: cell.listed.__setitem__(0, 0.9),
    "an item of a list in a list": lambda cell: cell.listed[1].append(0.9),
    "an item of a dictionary": lambda cell: cell.named.update(slope=0.9),
    "a record": lambda cell: setattr(cell.record, "a", 2),
    "an object": lambda cell: setattr(cell.own, "value", 0.9),
    "the shape of a module's tensor": lambda cell: setattr(cell.stack[0], "weight", nn.Parameter(torch.zeros(5, 4))),
    "the dtype": lambda cell: cell.double(),
    "another attribute": lambda cell: setattr(cell, "further", torch.zeros(3)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_condition_holds_until_something_changes(change):
    cell = Holder(3, 4)
    condition = Condition(cell)
    cell.weight_hh.data.mul_(2)
    assert condition.holds()
    CHANGES[change](cell)
    assert not condition.holds()
    assert Condition(cell).holds()


def test_what_is_put_back_is_as_it_was():
    cell = Holder(3, 4)
    condition = Condition(cell)
    cell.eval()
    assert not condition.holds()
    cell.train()
    assert condition.holds()


def test_arrays_that_can_not_be_compared_are_not_the_same():
    cell = Holder(3, 4)
    condition = Condition(cell)
    assert condition.holds()
    cell.arrays["mask"] = torch.zeros(3)
    assert not condition.holds()


def test_every_plain_setting_can_be_found_again():
    cell = Holder(3, 4)
    settings = dict(plain_settings(cell))
    assert settings["listed", 1, 0] == 0.2
    assert settings["stack", "1", "training"] is True
    assert settings["own", "value"] == settings["named", "slope"] == settings["act", "negative_slope"] == 0.1
    assert all(at(cell, path) == value for path, value in settings.items())


@pytest.fixture
def quick(kernels, monkeypatch):
    for name in ("known", "shared", "flags", "poison"):
        monkeypatch.setattr(KERNELS, name, getattr(kernels, name))


@pytest.mark.parametrize("traced", [False, True], ids=["alone", "in a graph"])
def test_a_layer_runs_as_its_changed_modules_say(quick, traced):
    layer, slow = (holdfast.Recurrent(Holder, 3, 4, backend=backend) for backend in ("compiled", "reference"))
    x = torch.randn(5, 2, 3)
    run = layer
    if traced:
        torch._dynamo.reset()
        run = torch.compile(layer, backend="aot_eager", fullgraph=True)
    for change in (None, "an attribute of a module", "a module"):
        for each in (layer, slow):
            if change is not None:
                CHANGES[change](each._cell(0))
        slow.load_state_dict(layer.state_dict())
        torch.testing.assert_close(run(x)[0], slow(x)[0])
