import dataclasses
import re

import pytest

from holdfast import citations
from holdfast.experiments import PUBLISHED, Published, literature, taught
from holdfast.experiments.literature import NEAREST, SEEN_AS, TITLES, setting_words
from holdfast.layers.catalogue import CATALOGUE
from holdfast.models import CAUSAL, RIVALS
from holdfast.tasks import TASKS


@pytest.fixture(params=PUBLISHED, ids=lambda entry: f"{entry.source}-{entry.task}-{entry.model}")
def entry(request: pytest.FixtureRequest) -> Published:
    return request.param


def find(task: str, model: str, source: str, **settings: object) -> list[Published]:
    return [
        entry
        for entry in PUBLISHED
        if (entry.task, entry.model, entry.source) == (task, model, source)
        and settings.items() <= dict(entry.settings, split=entry.split).items()
    ]


def test_each_names_a_task_a_model_and_a_paper_that_exist(entry: Published):
    assert entry.task in TASKS
    plain = re.sub(
        r"^([rp]|zoneout)-|(, 20 segments of 30)?, truncated to \d+$|, budget [\de.-]+ a sequence$", "", entry.model
    )
    assert plain in {**CATALOGUE, **CAUSAL, **RIVALS} or entry.model == "memoryless"
    assert entry.source in citations.references()
    assert entry.where
    assert entry.task in TITLES


def test_its_settings_are_those_of_the_task(entry: Published):
    TASKS[entry.task](**entry.settings)


def test_each_is_a_number_in_range_or_an_outcome_in_words(entry: Published):
    assert (entry.value is None) == bool(entry.outcome)
    assert entry.metric in ("accuracy", "loss")
    assert entry.split in ("test", "validation")
    if entry.value is not None:
        assert 0 <= entry.value <= 1
    if entry.metric == "accuracy" and entry.value is not None:
        assert entry.value > (0.01 if entry.task == "stanford-dogs" else 0.1), "a fraction of a fraction"


def test_none_stands_there_twice():
    keys = [
        (entry.task, entry.model, entry.source, entry.split, entry.where, str(entry.settings)) for entry in PUBLISHED
    ]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("task", "model", "source", "value"),
    [
        ("mnist", "skip-gru, budget 0.0001 a sequence", "campos2018skip", 0.976),
        ("permuted-mnist", "ur-lstm", "gu2020improving", 0.9696),
        ("cifar10", "ur-gru", "gu2020improving", 0.744),
        ("permuted-mnist", "nru", "chandar2019towards", 0.9538),
        ("mnist", "janet", "vanderwesthuizen2018unreasonable", 0.99),
        ("permuted-mnist", "irnn", "le2015simple", 0.82),
        ("mnist", "lstm", "campos2018skip", 0.91),
        ("cifar10", "transformer", "trinh2018learning", 0.622),
        ("permuted-mnist", "statistical-ru", "chandar2019towards", 0.9249),
    ],
)
def test_a_test_accuracy_is_the_one_in_the_paper(task: str, model: str, source: str, value: float):
    (entry,) = find(task, model, source, split="test")
    assert entry.value == value


def test_the_irnn_on_mnist_is_quoted_by_each_paper_as_that_paper_has_it():
    quoted = {entry.where: entry.value for entry in find("mnist", "irnn", "le2015simple")}
    assert {value for where, value in quoted.items() if "IndRNN" in where} == {0.95}
    assert {value for where, value in quoted.items() if "Campos" in where and "Trinh" in where} == {0.97}


def test_numbers_from_memory_carry_the_mark_and_checked_ones_do_not():
    assert all(entry.recalled for entry in PUBLISHED if entry.source == "chandar2019towards")
    (checked,) = find("permuted-mnist", "ur-lstm", "gu2020improving", split="test")
    (ablation,) = find("permuted-mnist", "ur-lstm", "gu2020improving", split="validation")
    assert not checked.recalled
    assert ablation.recalled


def test_the_memoryless_loss_of_copying_agrees_with_our_task():
    for lag in (500, 2000):
        (entry,) = find("copying", "memoryless", "tallec2018can", lag=lag)
        assert entry.value == pytest.approx(TASKS["copying"](**entry.settings).chance["loss"], rel=2e-3)


def test_the_same_task_is_found_as_the_same():
    found = literature({"name": "permuted-mnist"})
    assert found.same
    assert {entry.source for entry in found.of("lstm")} >= {"gu2020improving", "trinh2018learning"}
    assert found.of("on-lstm") == ()


def test_a_task_that_no_paper_uses_gets_the_nearest_and_says_so():
    found = literature({"name": "digits", "side": 8})
    assert not found.same
    assert found.title == "MNIST, pixel by pixel"
    assert "784 steps" in found.difference
    assert found.of("ur-lstm")[0].value == 0.9928


def test_another_lag_is_another_task():
    near = literature({"name": "copying", "lag": 100, "convention": "tallec", "gap": "fixed"})
    assert not near.same
    assert "lag 500" in near.difference
    exact = literature({"name": "copying", "lag": 500, "convention": "tallec", "gap": "fixed"})
    assert exact.same
    assert {entry.settings["lag"] for entry in exact.entries} == {500}


def test_a_part_of_the_data_makes_another_task():
    found = literature({"name": "mnist", "train_examples": 1000})
    assert not found.same
    assert "train_examples 1000" in found.difference


def test_a_task_of_ones_own_has_no_literature():
    found = literature({"name": "my-task"})
    assert found.entries == ()
    assert not found.same


def test_a_variant_stands_beside_the_model_that_it_varies():
    found = literature({"name": "mnist"})
    assert found.of("forget-lstm") == found.of("lstm") != ()


def test_outcomes_in_words_go_with_any_metric():
    found = literature({"name": "copying", "lag": 500, "convention": "tallec", "gap": "fixed"})
    assert found.of("lstm", "accuracy")[0].outcome == "stays near chance"
    assert found.of("memoryless", "accuracy") == ()


def test_only_unusual_settings_are_put_into_words():
    (usual,) = find("copying", "memoryless", "tallec2018can", lag=500)
    assert setting_words(usual) == "lag 500"
    assert setting_words(find("copying", "nru", "chandar2019towards")[0]) == "lag 100, convention chandar"


def test_the_maps_name_models_and_tasks_that_exist():
    assert set(SEEN_AS) | set(SEEN_AS.values()) <= set(CATALOGUE)
    assert set(NEAREST) | {near for near, _ in NEAREST.values()} | set(TITLES) <= set(TASKS)


def test_an_entry_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PUBLISHED[0].value = 1.0  # pyright: ignore[reportAttributeAccessIssue]


def test_sources_are_keys_and_places_are_words():
    assert all(re.fullmatch(r"[a-z]+\d{4}[a-z]+", entry.source) for entry in PUBLISHED)


@pytest.mark.parametrize(
    ("objective", "name", "value"),
    [
        ({}, "lstm", 0.983),
        ({"name": "labels", "label_truncation": 300}, "lstm, truncated to 300", 0.113),
        ({"name": "reconstruction", "label_truncation": 300}, "r-lstm, truncated to 300", 0.964),
        ({"name": "prediction", "label_truncation": None}, "p-lstm", 0.98),
    ],
)
def test_a_model_that_is_taught_otherwise_is_another_one_to_papers(objective, name, value):
    assert taught("lstm", objective) == name
    (entry,) = find("mnist", name, "trinh2018learning")
    assert entry.value == value


def test_a_variant_that_is_taught_otherwise_stands_beside_the_model_that_it_varies():
    objective = {"name": "prediction", "label_truncation": 300}
    assert taught("forget-lstm", objective) == taught("lstm", objective) == "p-lstm, truncated to 300"


def test_labels_with_a_gain_make_another_model():
    assert taught("lstm", {"name": "labels", "label_truncation": 9, "gain": "linear"}) == (
        "lstm, linear gain, truncated to 9"
    )
