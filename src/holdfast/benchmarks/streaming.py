"""A stream: one row, one step at a time, the state carried along."""

import torch
from torch import Tensor, nn

from holdfast.benchmarks.allocator import USUAL
from holdfast.benchmarks.clock import Effort, race
from holdfast.benchmarks.contenders import holdfast_layer, installed
from holdfast.benchmarks.gate import stream_passes
from holdfast.benchmarks.record import Record, Timing
from holdfast.benchmarks.workloads import Workload

STREAM = Workload(1, 1, 16, 128, threads=1)
STEPS = 200  # in one sample
STEP = "one step"
LABELS = [f"{model} {backend}" for backend in ("compiled", "reference") for model in ("ur-lstm", "lstm", "gru")]


def streaming(record: Record, effort: Effort) -> None:
    """Seconds a step of layers that step, and of torch's."""
    x = STREAM.x()[0]
    with STREAM.with_threads(), torch.no_grad():
        streams = {"nn.LSTM": sequence_stream(nn.LSTM, x), "nn.LSTMCell": cell_stream(x)}
        for label in filter(installed, LABELS):
            if fault := stream_passes(label, STREAM):
                record.fault(fault)
            else:
                streams[label] = layer_stream(stream_layer(label), x)
        for label, seconds in race(streams, effort).items():
            each = tuple(sample / STEPS for sample in seconds)
            record.timings.append(Timing("streaming", str(STREAM), STEP, USUAL, label, each))


def stream_layer(label: str):
    model, backend = label.split()
    return holdfast_layer(model, STREAM, backend)


def layer_stream(layer, x: Tensor):
    def stream():
        state = None
        for _ in range(STEPS):
            _, state = layer.step(x, state)

    return stream


def sequence_stream(kind: type[nn.Module], x: Tensor):
    layer, x = kind(STREAM.inputs, STREAM.hidden), x.unsqueeze(0)

    def stream():
        state = None
        for _ in range(STEPS):
            _, state = layer(x, state)

    return stream


def cell_stream(x: Tensor):
    cell = nn.LSTMCell(STREAM.inputs, STREAM.hidden)

    def stream():
        state = None
        for _ in range(STEPS):
            state = cell(x, state)

    return stream
