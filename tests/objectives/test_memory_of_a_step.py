"""Where gradients are cut, a training step over a longer sequence takes no more memory, as the system counts it."""

import pytest
import torch

import holdfast
from holdfast.benchmarks.lessons import seeded, training_step
from holdfast.benchmarks.workloads import Workload
from holdfast.objectives import Autoencoder, LanguageModel, PretrainingSettings
from holdfast.training.memory import Taken, measurable
from holdfast.training.pool import preloaded_context

pytestmark = pytest.mark.skipif(not measurable(), reason="only Linux tells how much memory was in use")

CONTEXT = preloaded_context("holdfast.benchmarks.lessons")
SHORT, LONG, B, H = 1_500, 30_000, 4, 32
OUTPUTS = 4 * LONG * B * H
"""Bytes of one number a unit and step: of those a backward pass needs eight, and no two peaks are the same."""
PRETRAINING = {"LM-LSTM": LanguageModel, "SA-LSTM": Autoencoder}


def made(label, steps):
    """A training step."""
    if label not in PRETRAINING:
        return training_step(label, Workload(steps, B, 3, H))
    layer = holdfast.make("lstm", 3, H, generator=seeded())
    auxiliary = PRETRAINING[label](layer, PretrainingSettings(truncation=300), generator=seeded())
    inputs = torch.randn(steps, B, 3, generator=seeded())
    return lambda: auxiliary(inputs).backward()


def tell(label, steps, news):
    """Says how many bytes a step takes; called in a process of its own."""
    torch.set_num_threads(1)
    made(label, 64)()  # what is needed once, such as a compiler, does not count
    step = made(label, steps)
    memory = Taken(torch.device("cpu"))
    step()
    news.send(memory.most(None))


def taken(label, steps):
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=tell, args=(label, steps, theirs))
    process.start()
    theirs.close()
    with ours:
        found = ours.recv()
    process.join()
    return found


def growth(label):
    """How many bytes more a long sequence takes than a short one."""
    return taken(label, LONG) - taken(label, SHORT)


@pytest.mark.parametrize("label", ["r-LSTM 20x30", "p-LSTM 1x600", *PRETRAINING])
def test_with_a_window_a_longer_sequence_takes_no_more_memory(label):
    assert growth(label) < 2 * OUTPUTS


def test_without_one_a_longer_sequence_takes_more():
    assert growth("LSTM, full BPTT") > 6 * OUTPUTS
