"""Layers within what torch itself traces: torch.compile and torch.export."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import holdfast
from holdfast.backends import ops, programs
from holdfast.backends.compiled import KERNELS
from holdfast.backends.kernel import Kernel
from holdfast.layers.memory import watch

from .workloads import build

# torch's own tracer looks at gradients of tensors that are not leaves
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")


@pytest.fixture
def quick(kernels, monkeypatch):
    """Layers run on kernels that are quick to build."""
    for name in ("known", "shared", "flags", "poison"):
        monkeypatch.setattr(KERNELS, name, getattr(kernels, name))


class Tagger(nn.Module):
    """A layer among others."""

    def __init__(self, name: str, **options):
        super().__init__()
        self.before, self.layer = nn.Linear(3, 3), build(name, 3, 6, **options)
        self.after = nn.Linear(self.layer.output_size, 2)

    def forward(self, x, lengths=None, reset=None):
        output, state = self.layer(self.before(x), lengths=lengths, reset=reset)
        return self.after(output), state


def whole(model, backend: str = "aot_eager") -> torch.nn.Module:
    """The model as one graph, made anew for at most one further length."""
    torch._dynamo.reset()
    return torch.compile(model, backend=backend, fullgraph=True)


def gradients(model, run, x, **masks) -> list[torch.Tensor]:
    """Outputs, states, and the gradients of all parameters."""
    output, state = run(x, **masks)
    values = [output, *([state] if isinstance(state, torch.Tensor) else state)]
    return [*values, *torch.autograd.grad(sum(v.square().sum() for v in values), list(model.parameters()))]


def masks_for(steps: int) -> dict[str, torch.Tensor]:
    return {"lengths": torch.tensor([steps, 2]), "reset": torch.arange(2 * steps).view(steps, 2) % 5 == 4}


@pytest.mark.parametrize("masked", [False, True], ids=["padded", "ragged and reset"])
def test_a_compiled_stack_is_one_graph_and_trains_as_it_does_without(quick, masked):
    model = Tagger("gru", num_layers=2, bidirectional=True)
    run = whole(model)
    x = torch.randn(5, 2, 3)
    masks = masks_for(5) if masked else {}
    torch.testing.assert_close(gradients(model, run, x, **masks), gradients(model, model, x, **masks))


def test_a_modified_cell_with_resets_is_in_the_graph_too(quick):
    model = Tagger("zoneout-lstm").eval()
    x, masks = torch.randn(5, 2, 3), masks_for(5)
    torch.testing.assert_close(gradients(model, whole(model), x, **masks), gradients(model, model, x, **masks))


@pytest.mark.parametrize("recompute", [1, 2, 5, "auto"])
def test_a_compiled_layer_recomputes_and_keeps_as_little_as_it_does_without(quick, recompute):
    model = Tagger("lstm", recompute=recompute)
    run = whole(model)
    for steps in (5, 7):
        x, masks = torch.randn(steps, 2, 3), masks_for(steps)
        torch.testing.assert_close(gradients(model, run, x, **masks), gradients(model, model, x, **masks))


def test_a_compiled_layer_keeps_no_activations_that_it_recomputes(quick):
    layer = build("lstm", 3, 6)
    held = {}
    for recompute in (None, 10):
        layer.recompute = recompute
        with watch() as saved:
            whole(layer)(torch.randn(100, 2, 3))
        held[recompute] = sum(tensor.numel() for tensor in saved)
    assert held[10] < held[None] / 2


def test_a_constraint_is_kept_within_torch_compile_too(quick):
    layer = build("exprnn", 3, 4, K=1)
    torch._dynamo.reset()
    run, x = torch.compile(layer, backend="aot_eager"), torch.randn(5, 2, 3)
    run(x)
    with torch.no_grad():
        layer._cell(0).skew.add_(0.1)
    run(x)
    assert layer._cell(0).updates == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method.:DeprecationWarning")
def test_a_graph_in_inductors_code_trains_as_it_does_without(quick, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # what it leaves when it is killed, it can't load
    model = Tagger("ur-lstm", num_layers=2)
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(gradients(model, whole(model, "inductor"), x), gradients(model, model, x))


def test_another_length_needs_no_further_graph(quick):
    model = Tagger("lstm")
    graphs = []

    def count(graph, inputs):
        graphs.append(graph)
        return graph.forward

    torch._dynamo.reset()
    run = torch.compile(model, backend=count, fullgraph=True)
    for steps in (5, 7, 9, 4):  # the first as it comes, the second with a length that may be any
        x = torch.randn(steps, 2, 3)
        torch.testing.assert_close(run(x)[0], model(x)[0])
    assert len(graphs) == 2
    assert "holdfast.unroll" in graphs[-1].code


def test_a_compiled_layer_notices_other_settings(quick):
    layer = build("rnn", 3, 6)
    run, x = whole(layer), torch.randn(4, 2, 3)
    before = run(x)[0]
    layer._cell(0).nonlinearity = "relu"
    torch.testing.assert_close(run(x)[0], layer(x)[0])
    assert not torch.equal(run(x)[0], before)


def test_a_compiled_layer_takes_a_state_and_autocast_and_needs_no_gradients(quick):
    layer = build("lstm", 3, 6)
    run, x = whole(layer), torch.randn(4, 2, 3)
    state = torch.randn(1, 2, 6), torch.randn(1, 2, 6)
    output, (h, c) = run(x, state)
    torch.testing.assert_close([output, h, c], [layer(x, state)[0], *layer(x, state)[1]])
    with torch.no_grad():
        torch.testing.assert_close(run(x)[0], layer(x)[0])
    with torch.autocast("cpu", torch.bfloat16):
        for given in (x, x.to(torch.bfloat16)):
            torch.testing.assert_close(run(given)[0], layer(given)[0])


def test_lengths_out_of_range_are_found_when_a_compiled_layer_runs(quick):
    run, x = whole(build("rnn", 3, 6)), torch.randn(4, 2, 3)
    run(x, lengths=torch.tensor([4, 1]))
    with pytest.raises(ValueError, match="between 1 and the number of steps, 4; got 5 for sequence 1"):
        run(x, lengths=torch.tensor([4, 5]))


def test_a_layer_without_a_kernel_runs_outside_of_the_graph():
    layer = build("rnn", 3, 6, backend="reference")
    torch._dynamo.reset()
    x = torch.randn(4, 2, 3)
    torch.testing.assert_close(torch.compile(layer, backend="aot_eager")(x)[0], layer(x)[0])


def test_an_exported_layer_takes_any_length(quick):
    layer = build("lstm", 3, 6, num_layers=2)
    length = torch.export.Dim("length", min=2, max=100)
    exported = torch.export.export(layer, (torch.randn(4, 2, 3),), dynamic_shapes={"input": {0: length}}, strict=False)
    x = torch.randn(9, 2, 3)
    torch.testing.assert_close(exported.module()(x)[0], layer(x)[0])
    text = str(exported)
    assert text.count("holdfast.unroll.default") == 2


ELSEWHERE = """
import sys, torch
import holdfast.layers
x, expected = torch.load(sys.argv[2])
found = torch.export.load(sys.argv[1]).module()(x)
print(torch.equal(found, expected))
"""


class Outputs(nn.Module):
    """A layer whose states are not asked for."""

    def __init__(self):
        super().__init__()
        self.layer = holdfast.make("rnn", 3, 6)

    def forward(self, x):
        return self.layer(x)[0]


def test_an_exported_layer_runs_in_another_process(tmp_path):
    model = Outputs().eval()
    length = torch.export.Dim("length", min=2, max=100)
    exported = torch.export.export(model, (torch.randn(4, 2, 3),), dynamic_shapes={"x": {0: length}}, strict=False)
    torch.export.save(exported, tmp_path / "model.pt2")
    x = torch.randn(9, 2, 3)
    torch.save((x, model(x).detach()), tmp_path / "x.pt")
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "model.pt2"), str(tmp_path / "x.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


def test_a_kernel_that_is_nowhere_to_be_found_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "cache_folder", lambda: tmp_path)
    with pytest.raises(RuntimeError, match="run the layer once on this machine, or point HOLDFAST_CACHE"):
        ops.kernel_named("0" * 32)


def test_a_second_derivative_through_the_operation_is_refused_in_words(kernels):
    cell = build("lstm", 3, 4)._cell(0)
    x, state = torch.randn(5, 2, 3, requires_grad=True), [torch.zeros(2, 4) for _ in range(2)]
    name, parameters = ops.name_of(kernels.of(cell)), [p.detach() for p in cell.parameters()]
    output = ops.unroll(name, True, None, x, state, parameters, None, None, None)[0]
    (gradient,) = torch.autograd.grad(output.sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="can be differentiated once; for gradients of gradients, call the layer"):
        gradient.sum().backward()


@pytest.mark.parametrize(("keep", "segment"), [(True, None), (True, 3), (True, 4), (False, None)])
def test_the_operation_keeps_torchs_rules_for_operations(kernels, keep, segment):
    width = 16  # without gaps in what is kept, which hold anything
    cell = build("lstm", 3, width)._cell(0)
    kernel = kernels.of(cell)
    assert isinstance(kernel, Kernel)
    parameters = [p.detach().requires_grad_(keep) for p in cell.parameters()]
    state = [torch.zeros(2, width, requires_grad=keep) for _ in range(2)]
    x = torch.randn(4, 2, 3, requires_grad=keep)
    torch.library.opcheck(ops.unroll, (ops.name_of(kernel), keep, segment, x, state, parameters, None, None, None))
