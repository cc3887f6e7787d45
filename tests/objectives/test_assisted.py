"""What a model learns from: labels over a few steps, an auxiliary loss, or both, phase by phase."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

import holdfast
from holdfast.models import Embedded, SequenceModel, embedding
from holdfast.objectives import (
    Assisted,
    Lesson,
    Prediction,
    PredictionSettings,
    Reconstruction,
    ReconstructionSettings,
    readable,
)
from tolerances import assert_close

T, B, SIZE, H, C = 17, 4, 3, 5, 6
LENGTHS = torch.tensor([17, 2, 9, 12])
RECONSTRUCTION = ReconstructionSettings(segments=2, length=4, head_sizes=(6,), truth_last=1.0, truncation=3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def make_model(name="lstm", *, num_layers=1, embedded=False, readout="last step"):
    options = {"memory_size": 4} if name == "nru" else {}
    layer = holdfast.make(name, SIZE, H, num_layers=num_layers, backend="reference", generator=generator(), **options)
    before = embedding("continuous", SIZE, SIZE, generator=generator()) if embedded else None
    model = SequenceModel(layer, C, readout=readout, head_sizes=(7,), embedding=before, generator=generator())
    return model.double()


def make(truncation=None, auxiliary=None, model=None, **options):
    model = model or make_model()
    attached = (
        None if auxiliary is None else Reconstruction(readable(model), auxiliary, generator=generator(1)).double()
    )
    return Assisted(model, attached, truncation=truncation, **options)


def some_inputs():
    return torch.randn(T, B, SIZE, dtype=torch.float64, generator=generator(2))


def label_loss(answers):
    return F.cross_entropy(answers, torch.arange(B))


def gradient(loss, module):
    parameters = list(module.parameters())
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, parameters, strict=True)]


def cut_by_hand(model, inputs, lengths, window):
    """The model's answers, one sequence at a time, on a graph cut `window` steps before its end."""
    layer, answers = readable(model), []
    for b, length in enumerate(lengths.tolist()):
        state, first = layer.initial_state(1), max(0, length - window)
        with torch.no_grad():
            if first:
                _, state = layer(inputs[:first, b : b + 1], state)
            at_end, _ = layer(inputs[:length, b : b + 1])
        output = at_end
        if window:
            output, _ = layer(inputs[first:length, b : b + 1], state)
        answers.append(model.head(output[-1, 0]))
    return torch.stack(answers)


@pytest.mark.parametrize("window", [0, 1, 5, 100])
@pytest.mark.parametrize(("name", "num_layers", "embedded"), [("lstm", 1, False), ("nru", 1, True), ("gru", 2, True)])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_the_labels_gradient_is_that_of_a_graph_cut_before_the_window(name, num_layers, embedded, window, lengths):
    model, inputs = make_model(name, num_layers=num_layers, embedded=embedded), some_inputs()
    learnt = make(window, model=model)(inputs, lengths, Lesson(0, None))
    wanted = cut_by_hand(model, inputs, torch.full((B,), T) if lengths is None else lengths, window)
    assert learnt.auxiliary is None
    assert_close(learnt.answers, wanted)
    assert_close(*(gradient(label_loss(answers), model) for answers in (learnt.answers, wanted)))


@pytest.mark.parametrize("readout", ["last step", "every step"])
def test_without_a_truncation_answers_and_gradients_are_the_models_own(readout):
    model, inputs = make_model(readout=readout), some_inputs()
    answers = make(model=model)(inputs, LENGTHS, Lesson(0, None)).answers
    own = model(inputs, LENGTHS)
    assert_close(answers, own)
    assert_close(*(gradient(found.square().sum(), model) for found in (answers, own)))


def test_with_a_truncation_of_0_only_the_head_learns_from_labels():
    learner = make(0)
    label_loss(learner(some_inputs(), LENGTHS, Lesson(0, None)).answers).backward()
    assert all(p.grad is None for p in learner.model.layer.parameters())
    assert all(p.grad.abs().sum() > 0 for p in learner.model.head.parameters())


@pytest.mark.parametrize("truncation", [None, 0, 3])
@pytest.mark.parametrize("kind", [Reconstruction, Prediction])
def test_the_auxiliary_loss_is_what_it_is_alone(truncation, kind):
    model, inputs = make_model(embedded=True), some_inputs()
    settings = RECONSTRUCTION if kind is Reconstruction else PredictionSettings(length=4, head_sizes=())
    auxiliary = kind(readable(model), settings, generator=generator(1)).double()
    learner = Assisted(model, auxiliary, truncation=truncation)
    total, count = learner(inputs, LENGTHS, Lesson(0, generator(5))).auxiliary
    alone = auxiliary(inputs, LENGTHS, generator=generator(5))
    assert_close(total / count, alone)
    assert_close(*(gradient(loss, learner) for loss in (total / count, alone)))


@pytest.mark.parametrize(
    ("afterwards", "step", "labels", "auxiliary"),
    [
        ("joint", 9, False, True),
        ("joint", 10, True, True),
        ("fine-tuning", 9, False, True),
        ("fine-tuning", 10, True, False),
    ],
)
def test_each_phase_minimises_its_own(afterwards, step, labels, auxiliary):
    learner = make(3, RECONSTRUCTION, pretraining=10, afterwards=afterwards)
    learnt = learner(some_inputs(), LENGTHS, Lesson(step, generator()))
    assert (learnt.answers is not None) == labels
    assert (learnt.auxiliary is not None) == auxiliary


def test_labels_and_auxiliary_loss_share_one_walk():
    learner = make(3, RECONSTRUCTION)
    steps = []
    learner.model.layer.register_forward_pre_hook(lambda _, arguments: steps.append(len(arguments[0])))
    learner(some_inputs(), None, Lesson(0, generator()))
    assert sum(steps) < 2 * T


def test_without_a_lesson_it_answers_as_the_model_does():
    learner = make(3, RECONSTRUCTION)
    assert torch.equal(learner(some_inputs(), LENGTHS), learner.model(some_inputs(), LENGTHS))


def kept_bytes(steps):
    learner, total = make(5, replace(RECONSTRUCTION, placement="immediate past")), 0

    def count(tensor):
        nonlocal total
        total += tensor.numel() * tensor.element_size()
        return tensor

    inputs = torch.randn(steps, B, SIZE, dtype=torch.float64)
    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        learner(inputs, None, Lesson(0, generator()))
    return total


def test_what_is_kept_for_the_backward_pass_does_not_grow_with_the_sequence():
    assert kept_bytes(50) == kept_bytes(200) > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"truncation": -1}, "must be at least 0, got 0 and -1"),
        ({"pretraining": -1}, "must be at least 0"),
        ({"pretraining": 5}, "needs an auxiliary loss"),
        ({"afterwards": "never"}, "afterwards must be 'joint' or 'fine-tuning'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        make(**options)


def test_a_truncated_label_at_every_step_is_for_streams():
    with pytest.raises(ValueError, match="leave it None, or train with a Stream"):
        make(5, model=make_model(readout="every step"))


def test_symbols_are_learnt_from_as_well():
    layer = holdfast.make("lstm", SIZE, H, backend="reference")
    model = SequenceModel(layer, C, readout="last step", embedding=embedding("symbols", 11, SIZE))
    learner = Assisted(model, Reconstruction(Embedded(model.embedding, layer), RECONSTRUCTION), truncation=2)
    symbols = torch.randint(11, (T, B), generator=generator())
    learnt = learner(symbols, LENGTHS, Lesson(0, generator()))
    (label_loss(learnt.answers) + learnt.auxiliary[0]).backward()
    assert all(p.grad is not None for p in learner.parameters())
