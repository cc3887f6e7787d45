"""What a sequence costs, from a record alone."""

from pathlib import Path

import pytest

from holdfast.report.costs import operations_of, operations_without_rest
from holdfast.report.run import Run

ADDING = {"name": "adding", "length": 50, "convention": "campos"}


def record(model: str, *, task=ADDING, steps=50, measured=None, **options) -> Run:
    settings = {"name": model, "hidden_size": 110, "head_sizes": [], "dropconnect": 0.0, "embedding_size": None}
    summary = {"status": "finished", "test": {"loss": 0.1, **measured}} if measured is not None else None
    about = {"task": {"steps": steps}}
    return Run(Path("r"), task, {**settings, **options}, {}, 0, about, {}, (), (), summary)


@pytest.mark.parametrize(("model", "published"), [("forget-lstm", 2.46e6), ("reset-before-gru", 1.85e6)])
def test_a_model_whose_units_never_rest_costs_what_the_skip_rnns_paper_says(model, published):
    assert operations_of(record(model)) == pytest.approx(published, rel=5e-3)


def test_a_model_whose_units_may_rest_costs_what_was_recorded():
    assert operations_of(record("skip-lstm", measured={"operations": 5e5})) == 5e5
    assert operations_of(record("skip-lstm", measured={})) is None
    assert operations_without_rest(record("gaussian-lstm", t_max=50.0)) == 4 * 110 * 112 * 50


def test_layers_are_counted_together_and_symbols_at_their_width():
    copying = {"name": "copying", "lag": 10, "convention": "gu"}
    assert operations_of(record("lstm", num_layers=2)) == 50 * 4 * 110 * (112 + 220)
    inputs = 10
    assert operations_of(record("lstm", task=copying, steps=30)) == 30 * 4 * 110 * (inputs + 110)


def test_of_a_model_or_a_task_without_a_name_and_of_unknown_settings_nothing_is_known():
    assert operations_of(record("mine")) is None
    assert operations_of(record("lstm", task={"name": "mine"})) is None
    assert operations_of(record("lstm", steps=None)) is None
    assert operations_of(record("lstm", of_another_version=3)) is None
