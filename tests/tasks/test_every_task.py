"""What holds for every task, synthetic or real."""

import dataclasses
import inspect
import json
import math
import re
from importlib import resources

import pytest
import torch

from holdfast.objectives import IGNORE
from holdfast.tasks import ALL, TASKS, SyntheticTask


def test_tasks_are_found_by_their_names():
    assert list(TASKS) == [
        "copying",
        "adding",
        "denoising",
        "warping",
        "padding",
        "frequency",
        "digits",
        "permuted-digits",
        "row-digits",
        "mnist",
        "permuted-mnist",
        "row-mnist",
        "cifar10",
        "stanford-dogs",
        "pictures",
        "dbpedia",
        "imdb",
        "fsdd",
        "ptb",
        "text",
    ]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_task_is_its_settings(kind):
    task = kind()
    settings = json.loads(json.dumps(dataclasses.asdict(task)))
    assert kind(**settings) == task
    assert hash(kind(**settings)) == hash(task)
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.steps_of_another_task = 3


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_every_setting_is_documented(kind):
    documented = "\n".join(inspect.getdoc(base) or "" for base in kind.__mro__)
    for field in dataclasses.fields(kind):
        assert re.search(rf"^ +{field.name}: ", documented, re.MULTILINE), field.name


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_every_source_is_in_the_bibliography(kind):
    bibliography = resources.files("holdfast").joinpath("references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{([^,]+),", bibliography, re.MULTILINE))
    assert kind.sources
    assert set(kind.sources) <= keys


def test_a_batch_has_the_shapes_that_the_task_promises(task):
    batch = task.training_batch(0, 5, seed=0)
    steps = batch.inputs.shape[0]
    assert batch.inputs.shape[1:] == (5, task.input_size)
    assert steps <= task.steps if getattr(task, "gap", "fixed") == "per-batch" else steps == task.steps
    assert batch.inputs.dtype == torch.float32
    assert batch.size == 5
    assert batch.per_step == (task.readout == "every step")
    if task.metric == "loss":
        assert batch.targets.shape == (5, 1)
        assert batch.targets.dtype == torch.float32
    else:
        assert batch.targets.shape == ((steps, 5) if batch.per_step else (5,))
        assert batch.targets.dtype == torch.int64
        asked = batch.targets[batch.targets != IGNORE]
        assert ((asked >= 0) & (asked < task.output_size)).all()


def test_the_same_step_and_seed_give_the_same_bits(task):
    first, again = (task.training_batch(11, 6, seed=3) for _ in range(2))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)


def test_another_step_and_another_seed_give_other_bits(task):
    batch = task.training_batch(11, 6, seed=3)
    for other in (task.training_batch(12, 6, seed=3), task.training_batch(11, 6, seed=4)):
        assert other.inputs.shape != batch.inputs.shape or not torch.equal(other.inputs, batch.inputs)


def test_a_batch_does_not_depend_on_what_was_drawn_before(task):
    torch.manual_seed(0)
    batch = task.training_batch(2, 4, seed=0)
    torch.rand(3)
    list(task.evaluation_batches("test", 100))
    assert torch.equal(task.training_batch(2, 4, seed=0).inputs, batch.inputs)


def test_drawing_leaves_the_global_generator_alone(task):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    task.training_batch(0, 4, seed=0)
    next(task.evaluation_batches("validation", 4))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_an_evaluation_set_does_not_depend_on_the_batch_size(task, split):
    def sequences(batch_size):
        batches = list(task.evaluation_batches(split, batch_size))
        assert all(0 < batch.size <= batch_size for batch in batches)
        return [batch.rows(slice(row, row + 1)) for batch in batches for row in range(batch.size)]

    small, large = sequences(7), sequences(1000)
    assert len(small) == len(large)
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(small, large, strict=True))
    assert all(torch.equal(a.targets, b.targets) for a, b in zip(small, large, strict=True))


def test_measures_of_shards_add_up_to_those_of_the_batch(task):
    batch = task.training_batch(0, 9, seed=0)
    generator = torch.Generator().manual_seed(0)
    shape = (*batch.inputs.shape[:2], task.output_size) if batch.per_step else (9, task.output_size)
    outputs = torch.randn(shape, generator=generator, dtype=torch.float64)
    whole = task.measures(outputs, batch)
    shards = (torch.tensor([0, 4, 8]), torch.tensor([1, 2, 3, 5, 6, 7]))
    rows = [(outputs[:, index] if batch.per_step else outputs[index], batch.rows(index)) for index in shards]
    parts = [task.measures(*row) for row in rows]
    for name, (total, count) in whole.items():
        assert sum(part[name][0] for part in parts) == pytest.approx(total)
        assert sum(part[name][1] for part in parts) == count


def test_the_loss_measured_is_the_objective(task):
    batch = task.training_batch(0, 9, seed=0)
    shape = (*batch.inputs.shape[:2], task.output_size) if batch.per_step else (9, task.output_size)
    outputs = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    total, count = task.measures(outputs, batch)["loss"]
    assert total / count == pytest.approx(task.objective(outputs, batch.targets).item())


def test_chance_covers_the_loss_and_the_metric(task):
    assert set(task.chance) == {"loss", task.metric}
    assert task.higher_is_better == (task.metric == "accuracy")
    assert f"{task.chance['loss']:.4g}" in task.chance_statement


def test_chance_is_not_solved_and_a_hundredth_of_it_nearly_is(task):
    assert not task.solved(task.chance)
    assert task.solved({"loss": 0.0099 * task.chance["loss"]})


def test_a_batch_moves_between_devices_whole(task):
    batch = task.training_batch(0, 3, seed=0)
    moved = batch.to("meta")
    assert moved.inputs.is_meta
    assert moved.targets.is_meta
    assert moved.lengths is None if batch.lengths is None else moved.lengths.is_meta


def test_a_batch_before_the_first_step_or_without_rows_is_refused(task):
    with pytest.raises(ValueError, match=r"step >= 0 and batch_size >= 1, got step -1 and batch_size 4"):
        task.training_batch(-1, 4, seed=0)
    with pytest.raises(ValueError, match=r"got step 0 and batch_size 0"):
        task.training_batch(0, 0, seed=0)


def test_an_unknown_split_is_refused_by_name(task):
    with pytest.raises(ValueError, match=r'expects split "validation" or "test" .* got \'train\' and 8'):
        next(task.evaluation_batches("train", 8))


def test_the_perfect_solver_solves(synthetic):
    batch = synthetic.training_batch(0, 50, seed=0)
    means = {name: total / count for name, (total, count) in synthetic.measures(synthetic.solve(batch), batch).items()}
    assert means["loss"] < 1e-9
    assert means.get("accuracy", 1.0) == 1.0
    assert synthetic.solved(means)


def test_a_solver_that_saw_other_inputs_does_not_solve(synthetic):
    batch, other = (synthetic.draw(50, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    if other.inputs.shape != batch.inputs.shape:
        pytest.skip("one gap for the whole batch, and these two differ")
    means = {name: total / count for name, (total, count) in synthetic.measures(synthetic.solve(other), batch).items()}
    assert means["loss"] > synthetic.chance["loss"]


def test_the_solver_answers_from_the_past_alone(synthetic):
    """Whatever comes after a step, the answer asked for at that step is the same."""
    if synthetic.readout == "last step":
        pytest.skip("all is past at the last step")
    batch = synthetic.draw(20, torch.Generator().manual_seed(3))
    answers = synthetic.solve(batch)
    last = int((batch.targets != IGNORE).any(1).nonzero()[-1])
    for step in range(last - 12, last):
        cut = dataclasses.replace(batch, inputs=batch.inputs.clone())
        cut.inputs[step + 1 :] = cut.inputs[step]
        asked = batch.targets[step] != IGNORE
        if (batch.targets[step][asked] > 0).any():
            assert torch.equal(synthetic.solve(cut)[step][asked], answers[step][asked])


def test_a_fixed_set_has_as_many_examples_as_were_asked_for(synthetic):
    task = dataclasses.replace(synthetic, evaluation_examples=130)
    for split in ("validation", "test"):
        assert sum(batch.size for batch in task.evaluation_batches(split, 50)) == 130


def test_the_three_streams_of_a_synthetic_task_differ(synthetic: SyntheticTask):
    training = synthetic.training_batch(0, 64, seed=0).inputs
    validation, test = (next(synthetic.evaluation_batches(split, 64)).inputs for split in ("validation", "test"))
    for one, other in ((training, validation), (training, test), (validation, test)):
        assert one.shape != other.shape or not torch.equal(one, other)


def test_an_empty_evaluation_set_is_refused(synthetic):
    with pytest.raises(ValueError, match=r"evaluation_examples to be a whole number of at least 1, got 0"):
        dataclasses.replace(synthetic, evaluation_examples=0)


def test_one_tenth_of_chance_is_the_usual_criterion(task):
    share = 100 if getattr(task, "convention", "") == "campos" else 10
    assert math.isclose(task.solved_loss, task.chance["loss"] / share)
