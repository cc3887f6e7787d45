"""Ways to learn from a label at the end of a long sequence: what one training step of each computes."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

import holdfast
from holdfast.benchmarks.workloads import Workload
from holdfast.models import RIVALS, Embedded, PooledModel, SequenceModel, embedding
from holdfast.objectives import (
    Assisted,
    CrossEntropy,
    Prediction,
    PredictionSettings,
    Reconstruction,
    ReconstructionSettings,
)
from holdfast.tasks import Batch
from holdfast.training.lessons import terms

CLASSES = 120
HEAD = (256, 256)
HALF_TRUE = partial(ReconstructionSettings, truth_first=0.5, truth_last=0.5)
"""The middle of scheduled sampling: a decoder that hears itself has to be stepped, which costs time."""


def labels_alone(workload: Workload, *, recompute=None) -> nn.Module:
    """An LSTM whose label's gradient passes back through the whole sequence."""
    return Assisted(recurrent(workload, recompute))


def helped(workload: Workload, kind, settings) -> nn.Module:
    """An LSTM that learns from its last 300 steps, and from an auxiliary loss."""
    model = recurrent(workload)
    assert model.embedding is not None
    layer = Embedded(model.embedding, model.layer)
    return Assisted(model, kind(layer, settings, generator=seeded()), truncation=300)


def rival(workload: Workload, name: str, **options) -> nn.Module:
    """A network that is no recurrence."""
    encoder = RIVALS[name].build(workload.hidden, **options, generator=seeded())
    return PooledModel(encoder, CLASSES, embedding=embedded(workload), head_sizes=HEAD, generator=seeded())


def recurrent(workload: Workload, recompute=None) -> SequenceModel:
    layer = holdfast.make("lstm", workload.hidden, workload.hidden, recompute=recompute, generator=seeded())
    return SequenceModel(
        layer, CLASSES, readout="last step", head_sizes=HEAD, embedding=embedded(workload), generator=seeded()
    )


def embedded(workload: Workload) -> nn.Module:
    return embedding("continuous", workload.inputs, workload.hidden, generator=seeded())


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


LEARNERS: dict[str, Callable[[Workload], nn.Module]] = {
    "LSTM, full BPTT": labels_alone,
    "LSTM, full BPTT, recomputed": partial(labels_alone, recompute="auto"),
    "r-LSTM 1x600": partial(helped, kind=Reconstruction, settings=HALF_TRUE()),
    "r-LSTM 20x30": partial(helped, kind=Reconstruction, settings=HALF_TRUE(segments=20, length=30)),
    "p-LSTM 1x600": partial(helped, kind=Prediction, settings=PredictionSettings()),
    "Transformer": partial(rival, name="transformer"),
    "Transformer, no attention dropout": partial(rival, name="transformer", attention_dropout=0.0),
    "T-DMCA": partial(rival, name="t-dmca"),
}
"""All that are compared: one layer of `hidden` units, or the rivals' defaults; an embedding of that width before it."""


def training_step(label: str, workload: Workload) -> Callable[[], None]:
    """Forward and backward of one batch, to gradients of all parameters."""
    model = LEARNERS[label](workload).train()
    targets = torch.arange(workload.batch) % CLASSES
    rows, chance = Batch(workload.x(), targets), seeded()

    def step() -> None:
        model.zero_grad(set_to_none=True)
        losses = terms(model, model, CrossEntropy(), rows, step=0, generator=chance)
        torch.stack([term.total / term.count for term in losses]).sum().backward()

    return step
