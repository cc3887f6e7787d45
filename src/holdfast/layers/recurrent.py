"""Any cell as a layer over sequences."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from holdfast.backends import BackendName, Choice, Compiled, Recompute, Work, check_backend, choose
from holdfast.backends.compiled import KernelFacts, facts_of, unroll_in_graph
from holdfast.backends.condition import at, plain_settings
from holdfast.backends.kernel import Kernel
from holdfast.backends.native import transformed
from holdfast.cells import Cell
from holdfast.cells.cell import positive
from holdfast.cells.state import state_type
from holdfast.initialisers import Initialiser, initialise
from holdfast.layers.checks import check_hooks, check_input, check_state
from holdfast.layers.explain import Explanation
from holdfast.layers.memory import needed_for_backward
from holdfast.layers.sequence import Padded, check_lengths, check_reset, gather_time, parts, repack, unpack, within
from holdfast.layers.stream import step_quickly

State = Tensor | tuple[Tensor, ...]
USUAL_STEPS = 100
"""How long a sequence is that `explain` thinks of unless it is given one."""


def while_compiling(method):
    """Marks a method that torch.compile is to call while it compiles, and whose result it may take as it is.

    It is `torch.compiler.assume_constant_result`, without the second that the import of torch's compiler takes.
    """
    method._dynamo_marked_constant = True
    return method


class Recurrent(nn.Module):
    """A stack of cells over sequences, in one or both directions, under the contract of `torch.nn.LSTM`.

    Args:
        cell: makes a cell when called as cell(input_size, hidden_size, device=..., dtype=...): a class, a `partial`.
        input_size: features of an input step.
        hidden_size: units of each cell.
        num_layers: cells stacked on each other.
        bidirectional: whether a second stack reads each sequence backwards; outputs are concatenated, forward first.
        dropout: probability with which an output is zeroed between layers while training.
        batch_first: whether input and output are (B, T, features) and not (T, B, features). States are not concerned.
        backend: "auto" takes the fastest that can do the work; `explain` says which and why.
        recompute: steps in a segment whose activations are recomputed in the backward pass, "auto" for about 4 sqrt(T);
            None keeps them all. Gradients are the same.
        initialiser: applied to every cell after its own initialisation; several are applied in order.
        generator: source of the initial parameters; torch's global one unless given.
        device, dtype: of the parameters.

    Raises:
        ValueError: a size, `dropout`, `backend` or `recompute` out of range, or an initialiser that does not fit.
    """

    def __init__(
        self,
        cell: Callable[..., Cell],
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        batch_first: bool = False,
        backend: BackendName = "auto",
        recompute: Recompute = None,
        initialiser: Initialiser | Iterable[Initialiser] = (),
        generator: torch.Generator | None = None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        check_backend(backend)
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be a probability between 0 and 1, got {dropout}")
        self.input_size, self.hidden_size = positive("input_size", input_size), positive("hidden_size", hidden_size)
        self.num_layers, self.bidirectional = positive("num_layers", num_layers), bidirectional
        self.dropout, self.batch_first = float(dropout), batch_first
        self.backend: BackendName = backend
        self.recompute: Recompute = recompute if recompute in (None, "auto") else positive("recompute", recompute)
        initialiser = initialiser if isinstance(initialiser, Initialiser) else tuple(initialiser)
        self._make_cell, self._initialiser = cell, initialiser
        self.cells = nn.ModuleList()
        with nullcontext() if generator is None else torch.random.fork_rng(devices=[]):
            for layer in range(self.num_layers):
                width = self.output_size + self._shared if len(self.cells) else self.input_size
                made = [cell(width, self.hidden_size, device=device, dtype=dtype) for _ in range(self.directions)]
                for each in made:
                    each.take_place(layer, self.num_layers)
                self.cells.extend(made)
        for made in self.cells:
            self._initialise(made, initialiser, generator)

    @staticmethod
    def _initialise(cell: nn.Module, initialiser, generator: torch.Generator | None) -> None:
        assert isinstance(cell, Cell)
        if generator is not None:
            reset_parameters = getattr(cell, "reset_parameters", None)
            if reset_parameters is None:
                raise ValueError(
                    f"{type(cell).__name__} can't be drawn from a generator: give it a method "
                    "reset_parameters(generator), or leave out generator"
                )
            reset_parameters(generator)
        initialise(cell, initialiser, generator)

    @property
    def directions(self) -> int:
        """1, or 2 if bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def _shared(self) -> int:
        """How many of the last features of the input every cell of the stack is given."""
        return self._cell(0).shared_features

    @property
    def output_size(self) -> int:
        """Features of an output step: the width of the cell's first state, for each direction."""
        return self._cell(0).output_size * self.directions

    def forward(
        self,
        input: Tensor | PackedSequence,
        state: State | None = None,
        *,
        lengths: Tensor | Sequence[int] | None = None,
        reset: Tensor | None = None,
    ):
        """Outputs of the last layer, and the state of every cell at the end of each sequence.

        Args:
            input: (T, B, input_size), or (B, T, input_size) with `batch_first`, or unbatched (T, input_size), or
                packed.
            state: what each cell starts from, (layers * directions, B, width), a tuple of them if the cell has several
                states; zeros unless given. Without the axis B for unbatched input.
            lengths: (B,) whole numbers in 1..T: where each sequence ends. Output beyond it is 0, and the state returned
                is the one at it.
            reset: (T, B) bool, in the layout of the input: where a new episode begins. The state is zeroed before that
                step; the backward direction does not look across it either.

        Returns:
            output, in the layout of the input, with `output_size` features; and the state, in the layout of `state`.

        Raises:
            ValueError: shapes, dtypes, devices or lengths that do not fit.
        """
        if torch.compiler.is_dynamo_compiling():
            self._ready_for_graph()
        packed = input if isinstance(input, PackedSequence) else None
        sequences = self._sequences(input, lengths, reset)
        batched = isinstance(input, PackedSequence) or input.dim() == 3
        if self.training and torch.is_grad_enabled():
            self._settle()
        segment = self._segment(sequences.x.shape[0])
        output, last = self._unroll(sequences, self._to_cells(state, sequences.x, batched), segment)
        if packed is not None:
            assert sequences.lengths is not None
            return repack(output, packed, sequences.lengths), self._from_cells(last, batched)
        if not batched:
            output = output.squeeze(1)
        elif self.batch_first:
            output = output.transpose(0, 1)
        return output, self._from_cells(last, batched)

    def initial_state(self, batch_size: int, *, like: Tensor | None = None) -> State:
        """What the cells start from unless told otherwise: zeros.

        Args:
            batch_size: B.
            like: gives dtype and device; the layer's parameters unless given.
        """
        like = next(self.parameters()) if like is None else like
        return self._from_cells(self._to_cells(None, like.new_empty(1, batch_size, 0), batched=True), batched=True)

    def another(self, input_size: int, *, num_layers: int = 1, generator: torch.Generator | None = None) -> "Recurrent":
        """A fresh layer of the same kind: cells, width and initialisation are as here; in one direction, time first.

        Its states have the form of this layer's, so it can go on from them: a decoder does.

        Args:
            input_size: features of an input step.
            num_layers: cells stacked on each other.
            generator: source of its parameters; torch's global one unless given.
        """
        parameter = next(self.parameters())
        options = {"num_layers": num_layers, "backend": self.backend, "recompute": self.recompute}
        return Recurrent(
            self._make_cell,
            input_size,
            self.hidden_size,
            **options,
            initialiser=self._initialiser,
            generator=generator,
            device=parameter.device,
            dtype=parameter.dtype,
        )

    def step(self, x: Tensor, state: State | None = None):
        """One step of a stream: x (B, input_size) or (input_size,) to (output, state), as `forward` over one step.

        Under `torch.no_grad()`, or where neither parameters nor x nor state need a gradient, a kernel that was made
        ready for it takes some tens of microseconds. Otherwise the state carries the graph of all steps before it.

        A stream has no end: over a million steps of an LSTM as it is at the start, an output h in float32 stays within
        1e-4 (1 + |h|) of what float64 gives, and memory does not grow. A cell whose state has no bound, as the NRU,
        promises no such thing.

        Raises:
            ValueError: the layer is bidirectional: a stream has no end to begin from.
        """
        if self.bidirectional:
            raise ValueError("a bidirectional layer can't step: it reads from the end too; use bidirectional=False")
        if not isinstance(x, Tensor) or x.dim() not in (1, 2):
            found = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"step expects (batch, {self.input_size}) or ({self.input_size},), a tensor, got {found}")
        quick = step_quickly(self, x, state)
        if quick is not None:
            return quick
        time_axis = 1 if self.batch_first and x.dim() == 2 else 0
        output, state = self(x.unsqueeze(time_axis), state)
        return output.squeeze(time_axis), state

    def explain(
        self,
        input: Tensor | PackedSequence | None = None,
        *,
        lengths: Tensor | Sequence[int] | None = None,
        reset: Tensor | None = None,
    ) -> Explanation:
        """Which backend will run each cell, for plain batches or for this input, and why not a faster one.

        For an input that kernels take it also says how many bytes a backward pass will need, beyond parameters, input,
        output and their gradients. A few steps are run to find that out.
        """
        sequences = self._sequences(self._usual_input() if input is None else input, lengths, reset)
        segment = self._segment(sequences.x.shape[0])
        work = self._work(sequences, self._cell(0).initial_state(sequences.x.shape[1], like=sequences.x), segment)
        cells, directions = range(len(self.cells)), ("forward", "backward")
        places = [f"layer {k // self.directions}, {directions[k % self.directions]}" for k in cells]
        choices = {place: self._choose(k, work) for k, place in zip(cells, places, strict=True)}
        by_kernel = all(isinstance(choice.backend, Compiled) for choice in choices.values())
        if input is None or not by_kernel:
            return Explanation(choices, asked=input is not None)
        return Explanation(choices, needed_for_backward(self, sequences, segment), asked=True)

    def _usual_input(self) -> Tensor:
        """What `explain` thinks of unless it is given an input: a row of usual length."""
        shape = (1, USUAL_STEPS, -1) if self.batch_first else (USUAL_STEPS, 1, -1)
        return next(self.parameters()).new_zeros(1, 1, self.input_size).expand(shape)

    def extra_repr(self) -> str:
        options = {"num_layers": 1, "bidirectional": False, "dropout": 0.0, "batch_first": False}
        options |= {"backend": "auto", "recompute": None}
        changed = [f"{name}={getattr(self, name)!r}" for name, usual in options.items() if getattr(self, name) != usual]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])

    def _cell(self, k: int) -> Cell:
        cell = self.cells[k]
        assert isinstance(cell, Cell)
        return cell

    def _segment(self, steps: int) -> int | None:
        """How many steps are recomputed together; None if nothing is."""
        return math.ceil(4 * math.sqrt(steps)) if self.recompute == "auto" else self.recompute

    def _settle(self) -> None:
        """Let cells with a constraint restore it; within torch.compile that is done outside of the graph."""
        if torch.compiler.is_dynamo_compiling():
            if self._constrained():
                outside: Any = torch.compiler.disable(self._settle)  # pyright: ignore[reportCallIssue]
                outside()
        elif not transformed():
            for k in range(len(self.cells)):
                self._cell(k).settle()

    @while_compiling
    def _constrained(self) -> bool:
        return any(type(self._cell(k).unmodified).settle is not Cell.settle for k in range(len(self.cells)))

    def _unroll(self, sequences: Padded, states: list[tuple[Tensor, ...]], segment: int | None):
        """Every cell over time-first sequences, from a state for each, to the output and the last states."""
        last = []
        for depth in range(self.num_layers):
            outputs = []
            for direction in range(self.directions):
                k = len(last)
                output, end = self._run(k, sequences, states[k], segment, backwards=direction == 1)
                outputs.append(output)
                last.append(end)
            x = torch.cat(outputs, -1) if self.bidirectional else outputs[0]
            if depth < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
                if self._shared:
                    x = torch.cat([x, sequences.x[..., -self._shared :]], -1)
            sequences = replace(sequences, x=x)
        return sequences.x, last

    def _run(self, k: int, sequences: Padded, state: tuple[Tensor, ...], segment: int | None, *, backwards: bool):
        work = self._work(sequences.reversed() if backwards else sequences, state, segment)
        run = self._run_in_graph if torch.compiler.is_dynamo_compiling() else self._run_now
        output, last = run(k, work)
        return (gather_time(output, sequences.backwards()) if backwards else output), last

    def _run_now(self, k: int, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self._choose(k, work).backend.unroll(self._cell(k), work)

    def _choose(self, k: int, work: Work | None = None) -> Choice:
        """What runs a cell."""
        check_hooks(self._cell(k))
        return choose(self.backend, self._cell(k), work)

    def _run_in_graph(self, k: int, work: Work) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Within torch.compile: a kernel is one operation of the graph; whatever else would run, runs outside of it."""
        watched = all(at(self.cells[k], path) == value for path, value in self._settings(k))
        facts = self._kernel_facts(k, work.reset is not None, watched)
        if facts is not None:
            return unroll_in_graph(self._cell(k), work, facts)
        outside: Any = torch.compiler.disable(self._run_now)  # pyright: ignore[reportCallIssue]
        return outside(k, work)

    @while_compiling
    def _kernel_facts(self, k: int, resets: bool, watched: bool) -> KernelFacts | None:
        """What torch.compile has to know of a cell's kernel; None if it has none, and runs outside of the graph.

        Args:
            k: which cell.
            resets: whether the state is reset within the sequences.
            watched: says that the cell's settings have been read, so that the graph is made anew when one changes.
        """
        cell = self._cell(k)
        backend = self._choose(k).backend
        if not isinstance(backend, Compiled) or (resets and not cell.begins_from_zeros):
            return None
        kernel = backend.kernels.of(cell)
        assert isinstance(kernel, Kernel)
        return facts_of(kernel)

    @while_compiling
    def _settings(self, k: int) -> tuple[tuple[tuple, Any], ...]:
        """The ways to a cell's plain settings, and what they are."""
        return plain_settings(self._cell(k))

    @while_compiling
    def _ready_for_graph(self) -> bool:
        """Make the types of the states, which torch.compile can look up, but not make."""
        return all(state_type(tuple(self._cell(k).state_sizes)) for k in range(len(self.cells)))

    @staticmethod
    def _work(sequences: Padded, state: tuple[Tensor, ...], segment: int | None) -> Work:
        recompute = segment if torch.is_grad_enabled() else None
        return Work(sequences.x, state, sequences.valid, sequences.reset, recompute)

    def _sequences(self, input: Tensor | PackedSequence, lengths, reset: Tensor | None) -> Padded:
        """What the layer is given, checked, in one form: time first, batched, padded."""
        if isinstance(input, PackedSequence) and (lengths is not None or reset is not None):
            raise ValueError("a packed sequence has its own lengths; pass lengths and reset only with padded input")
        check_input(self, input)
        return unpack(input) if isinstance(input, PackedSequence) else self._to_time_first(input, lengths, reset)

    def _to_time_first(self, x: Tensor, lengths, reset: Tensor | None) -> Padded:
        if x.dim() == 2:
            x = x.unsqueeze(1)
            lengths = None if lengths is None else torch.as_tensor(lengths).reshape(-1)
            reset = None if reset is None else torch.as_tensor(reset).unsqueeze(-1)
        elif self.batch_first:
            x = x.transpose(0, 1)
            reset = None if reset is None else torch.as_tensor(reset).transpose(0, 1)
        steps, batch = x.shape[:2]
        ends = None if lengths is None else check_lengths(lengths, steps, batch, x.device)
        begins = None if reset is None else check_reset(reset, steps, batch, x.device)
        if ends is not None and begins is not None:
            begins = begins & within(ends, steps)  # beyond a row's end there is nothing to begin anew
        return Padded(x, ends, begins)

    def _to_cells(self, state: State | None, x: Tensor, batched: bool) -> list[tuple[Tensor, ...]]:
        """A state as the user holds it, (layers * directions, B, width) each, as one for each cell, (B, width) each."""
        cells, batch = range(len(self.cells)), x.shape[1]
        if state is None:
            return [self._cell(k).initial_state(batch, like=x) for k in cells]
        given = parts(state)
        sizes = self._cell(0).state_sizes
        expected = {name: (len(cells), batch, size) if batched else (len(cells), size) for name, size in sizes.items()}
        check_state(self, given, expected, x)
        rows = given if batched else [part.unsqueeze(1) for part in given]
        return [self._cell(k).make_state([part[k] for part in rows]) for k in cells]

    def _from_cells(self, last: list[tuple[Tensor, ...]], batched: bool) -> State:
        """The inverse of `_to_cells`; a single part stands alone."""
        joined = [torch.stack(part) for part in zip(*last, strict=True)]
        joined = joined if batched else [part.squeeze(1) for part in joined]
        return joined[0] if len(joined) == 1 else self._cell(0).make_state(joined)
