"""Linear gain: a label is asked for at every step, and the later the more."""

import pytest
import torch
from torch.nn import functional as F

import holdfast
from holdfast.models import SequenceModel, embedding
from holdfast.objectives import IGNORE, Assisted, CrossEntropy, Lesson, MeanSquaredError, readable
from holdfast.objectives.asking import asked_again
from holdfast.tasks import Batch
from holdfast.training.lessons import LABEL, terms
from tolerances import assert_close

T, B, I, H, C = 13, 4, 3, 5, 6  # noqa: E741
LENGTHS = torch.tensor([13, 1, 9, 4])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def make_model(name="lstm", *, classes=C, embedded=False, readout="last step"):
    layer = holdfast.make(name, I, H, num_layers=2, backend="reference", generator=generator())
    before = embedding("continuous", I, I, generator=generator()) if embedded else None
    return SequenceModel(layer, classes, readout=readout, embedding=before, generator=generator()).double()


def some_inputs():
    return torch.randn(T, B, I, dtype=torch.float64, generator=generator(2))


def by_hand(model, inputs, lengths, window, loss):
    """The mean over sequences of the losses at their steps, in proportion to the step, cut by hand."""
    losses = []
    for b, length in enumerate(lengths.tolist()):
        state, total, weights = readable(model).initial_state(1), 0.0, 0
        for t in range(1, length + 1):
            output, state = readable(model)(inputs[t - 1 : t, b : b + 1], state)
            if window is not None and t <= length - window:
                state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
                continue
            total, weights = total + t * loss(model.head(output[0]), b), weights + t
        losses.append(total / weights)
    return sum(losses) / len(losses)


def gradient(loss, model):
    return torch.autograd.grad(loss, list(model.parameters()))


def mean_of(learner, objective, targets, lengths):
    rows = Batch(some_inputs(), targets, lengths)
    (term,) = terms(learner, learner, objective, rows, step=0, generator=generator())
    assert term.name == LABEL
    assert_close(term.count.double(), torch.tensor(float(B)).double())
    return term.total / term.count


@pytest.mark.parametrize("window", [None, 1, 4, 100])
@pytest.mark.parametrize(("name", "embedded"), [("lstm", False), ("gru", True)])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_loss_and_gradient_are_those_of_the_definition(name, embedded, lengths, window):
    model, targets = make_model(name, embedded=embedded), torch.arange(B)
    learner = Assisted(model, truncation=window, gain="linear")
    found = mean_of(learner, CrossEntropy(), targets, lengths)
    ends = torch.full((B,), T) if lengths is None else lengths
    wanted = by_hand(model, some_inputs(), ends, window, lambda o, b: F.cross_entropy(o, targets[b : b + 1]))
    assert_close(found, wanted)
    assert_close(*(gradient(loss, model) for loss in (found, wanted)))


def test_real_values_are_learnt_with_a_gain_too():
    model, targets = make_model(classes=1), torch.randn(B, 1, dtype=torch.float64, generator=generator(3))
    found = mean_of(Assisted(model, gain="linear"), MeanSquaredError(), targets, LENGTHS)
    wanted = by_hand(model, some_inputs(), LENGTHS, None, lambda o, b: (o - targets[b]).square().sum())
    assert_close(found, wanted)


def test_what_is_kept_for_the_backward_pass_does_not_grow_with_the_sequence():
    def kept(steps):
        total = 0

        def count(tensor):
            nonlocal total
            total += tensor.numel() * tensor.element_size()
            return tensor

        learner = Assisted(make_model(), truncation=5, gain="linear")
        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            learner(torch.randn(steps, B, I, dtype=torch.float64), None, Lesson(0, None))
        return total

    assert kept(50) == kept(200) > 0


def test_answers_to_use_are_the_models_own():
    model = make_model()
    assert torch.equal(Assisted(model, gain="linear")(some_inputs(), LENGTHS), model(some_inputs(), LENGTHS))


@pytest.mark.parametrize("objective", [CrossEntropy(), MeanSquaredError()])
def test_a_weight_of_a_whole_number_is_that_many_targets(objective):
    outputs = torch.randn(3, C, dtype=torch.float64, generator=generator())
    targets = torch.tensor([2, IGNORE, 4])
    if isinstance(objective, MeanSquaredError):
        outputs, targets = outputs[:, 0], targets.double()
    total, count = objective.total(outputs, targets, torch.tensor([1.0, 5.0, 2.0]))
    several = torch.tensor([0, 1, 2, 2])
    wanted = objective.total(outputs[several], targets[several])
    assert_close((total, count.double()), tuple(number.double() for number in wanted))
    with pytest.raises(ValueError, match=r"expected a weight for each target, \(3,\), got \(2,\)"):
        objective.total(outputs, targets, torch.ones(2))


def test_labels_are_repeated_for_every_weight():
    targets, weights = asked_again(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0, 4.0]] * 5))
    assert targets.shape == weights.shape == (5, 2, 1)
    assert weights[0].flatten().tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gain": "steep"}, "gain must be 'last step' or 'linear', got 'steep'"),
        ({"gain": "linear", "truncation": 0}, "a truncation of 0 leaves none"),
    ],
)
def test_a_gain_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        Assisted(make_model(), **options)
    with pytest.raises(ValueError, match="linear gain is for models that are asked at the last step"):
        Assisted(make_model(readout="every step"), gain="linear")
