"""A saved model is loaded with the same bits, from tensors and plain values alone."""

import json

import pytest
import torch
from safetensors.torch import save as as_safetensors

import holdfast
from holdfast.export import save
from holdfast.models import Blueprint

LAYER = Blueprint(name="ur-lstm", input_size=3, output_size=4, hidden_size=5, options={"num_layers": 2})
OTHERS = (
    Blueprint(name="kaf-gru", input_size=3, output_size=4, hidden_size=5, head_sizes=(6, 6), dropconnect=0.5),
    Blueprint(name="exprnn", input_size=7, output_size=4, hidden_size=5, tokens="symbols", embedding_size=6),
    Blueprint(name="transformer", input_size=3, output_size=4, hidden_size=8, readout="last step"),
)


def build(blueprint):
    return blueprint.build(torch.Generator().manual_seed(3))


def damaged(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=name) as error:
        holdfast.load(folder)
    return str(error.value)


@pytest.mark.parametrize("blueprint", [LAYER, *OTHERS], ids=lambda blueprint: blueprint.name)
def test_a_loaded_model_has_the_same_bits(tmp_path, blueprint):
    model = build(blueprint)
    save(model, blueprint, tmp_path)
    before = torch.get_rng_state()
    loaded = holdfast.load(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert not loaded.training
    found, expected = loaded.state_dict(), model.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_double_precision_is_kept(tmp_path):
    save(build(LAYER).double(), LAYER, tmp_path)
    assert {value.dtype for value in holdfast.load(tmp_path).parameters()} == {torch.float64}


def test_how_a_model_ran_is_not_part_of_it(tmp_path):
    options = {"num_layers": 2, "backend": "reference", "recompute": 7}
    blueprint = Blueprint(name="lstm", input_size=3, output_size=4, hidden_size=5, options=options)
    save(build(blueprint), blueprint, tmp_path)
    layer = holdfast.load(tmp_path).layer
    assert (layer.num_layers, layer.backend, layer.recompute) == (2, "auto", None)


def test_what_says_how_a_model_began_is_left_behind_and_refused(tmp_path):
    blueprint = Blueprint(name="lstm", input_size=3, output_size=4, hidden_size=5, options={"device": "cpu"})
    save(build(blueprint), blueprint, tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    assert values["model"]["options"] == {}
    for option in ("device", "dtype", "generator", "initialiser"):
        values["model"]["options"] = {option: None}
        said = damaged(tmp_path, "config.json", json.dumps(values).encode())
        assert said.endswith(f"(the option {option}, which is no part of what a model is)")


def test_a_file_for_a_folder_and_a_folder_for_a_file_are_told_in_words(tmp_path):
    save(build(LAYER), LAYER, tmp_path)
    with pytest.raises(
        ValueError, match=r"expected the folder of an exported model, got the file .*config\.json; give "
    ):
        holdfast.load(tmp_path / "config.json")
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ValueError, match="holds something else"):
        holdfast.load(tmp_path)


def test_a_config_nested_without_end_is_told_in_words(tmp_path):
    save(build(LAYER), LAYER, tmp_path)
    assert "holds something else" in damaged(tmp_path, "config.json", b"[" * 100_000)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": 10**9},
        {"head_sizes": [10**9]},
        {"hidden_size": 300},
        {"options": {"num_layers": 3}},
        {"options": {"num_layers": 10**9}},
    ],
    ids=str,
)
def test_no_memory_is_taken_for_a_model_that_the_weights_are_not_of(tmp_path, change, monkeypatch):
    save(build(LAYER), LAYER, tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    values["model"] |= change
    make = Blueprint.build

    def weightless(*given):
        model = make(*given)
        assert all(parameter.is_meta for parameter in model.parameters())
        return model

    monkeypatch.setattr(Blueprint, "build", weightless)
    assert "are not those of the model" in damaged(tmp_path, "config.json", json.dumps(values).encode())


@pytest.mark.parametrize("options", [{"num_layers": "a"}, {"t_max": []}, {"form": {}}, [], 3], ids=str)
def test_values_of_the_wrong_kind_are_told_in_words(tmp_path, options):
    save(build(LAYER), LAYER, tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    values["model"]["options"] = options
    assert "holds something else" in damaged(tmp_path, "config.json", json.dumps(values).encode())


def test_mistakes_are_told_in_words(tmp_path):
    with pytest.raises(ValueError, match=r"found no config.json; `holdfast export RUN` writes one"):
        holdfast.load(tmp_path)
    save(build(LAYER), LAYER, tmp_path)
    weights, config = ((tmp_path / name).read_bytes() for name in ("model.safetensors", "config.json"))
    assert "can't be read" in damaged(tmp_path, "model.safetensors", weights[:-9])
    assert "are not those of the model" in damaged(tmp_path, "model.safetensors", as_safetensors({"a": torch.ones(2)}))
    (tmp_path / "model.safetensors").write_bytes(weights)
    values = json.loads(config)
    assert "holds something else" in damaged(tmp_path, "config.json", config[:40])
    assert "reads format 1" in damaged(tmp_path, "config.json", json.dumps({**values, "format": 2}).encode())
    other = {**values, "model": {**values["model"], "name": "ur-lstn"}}
    assert "did you mean 'ur-lstm'" in damaged(tmp_path, "config.json", json.dumps(other).encode())
