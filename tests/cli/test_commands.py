"""The commands, as they are given and answered on a terminal."""

import json
import re
import subprocess
import sys
import time

import pytest

import holdfast.cli
from holdfast.citations import references
from holdfast.cli import COMMANDS, main
from holdfast.cli.build import MODELS
from holdfast.tasks import TASKS


def refused(capsys, *arguments: str) -> str:
    """What a command says to a mistake: one line, and the exit code 2."""
    code = main(arguments)
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.startswith("holdfast: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("holdfast: ").rstrip("\n")


def told(capsys, *arguments: str) -> str:
    code = main(arguments)
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def test_help_answers_in_under_a_second_and_without_torch():
    code = "import sys, holdfast.cli; holdfast.cli.main(['--help']); sys.exit('torch' in sys.modules)"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.monotonic() - started < 1.0
    assert all(command in done.stdout for command in COMMANDS)


def test_every_example_of_the_help_is_a_command_line_that_is_understood(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = [line.split()[1:] for line in holdfast.cli.EXAMPLES.splitlines()]
    assert {example[0] for example in examples} == {"list", "train", "compare", "report"}
    for example in examples:
        if example[0] in ("train", "compare"):
            with pytest.raises(SystemExit, match="0"):
                main([*example, "--print_config"])


def test_no_command_shows_the_help_and_version_the_version(capsys):
    assert told(capsys) == told(capsys, "--help")
    assert told(capsys, "--version") == f"holdfast {holdfast.__version__}\n"


def test_a_misspelt_command_gets_the_nearest(capsys):
    assert refused(capsys, "trian") == "there is no command 'trian'; did you mean 'train'?"
    assert refused(capsys, "xyzzy").startswith("there is no command 'xyzzy'; there are list, train, compare")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"usage: holdfast {command}" in capsys.readouterr().out


def test_list_shows_every_model_and_task_with_its_sources(capsys):
    text = told(capsys, "list")
    for name, thing in {**MODELS, **TASKS}.items():
        line = next(line for line in text.splitlines() if line.split()[:1] == [name])
        assert thing.summary in line
        assert all(references()[key].short in line for key in thing.sources)
    assert "copying" not in told(capsys, "list", "models")
    assert "ur-lstm" not in told(capsys, "list", "tasks")
    assert refused(capsys, "list", "task") == "there is no 'task'; there are models, tasks"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("statistical-ru", "92.49"),
        ("transformer", "62.2"),
        ("t-dmca", "a little worse than the Transformer"),
        ("on-lstm", "56.17"),
        ("min-gru", "from memory, not checked against the paper"),
        ("phased-lstm", "5 % of the computations"),
        ("skip-gru", "97.6"),
        ("orthogonal-gru", "`holdfast explain gru` has what papers report of the one that it varies"),
        ("kaf-gru", "nothing that is kept here"),
    ],
)
def test_explain_tells_what_papers_report(name, said, capsys):
    assert said in " ".join(told(capsys, "explain", name, "--hidden_size", "16").split())


@pytest.mark.parametrize("name", MODELS)
def test_explain_shows_parts_source_parameters_and_backend_of_every_model(name, capsys):
    text = told(capsys, "explain", name, "--hidden_size", "16")
    assert MODELS[name].summary in text
    assert all(references()[key].title in text for key in MODELS[name].sources)
    assert re.search(r"\n    [\d,]+ numbers\n", text)
    assert "\n    backend " in text
    for heading in ("starting values", "published"):
        assert f"\n{heading}\n    " in text
    for title in ("Args:", "Source:", "Initialisation:", "Raises:"):
        assert title not in text


def test_a_modifier_may_stand_before_the_name_of_a_model(capsys):
    assert "before the name of any recurrent layer, as in zoneout-nru: zoneout-, variational-" in told(capsys, "list")
    text = told(capsys, "explain", "zoneout-nru", "--hidden_size", "8", "--memory_size", "9", "--backend", "reference")
    assert text.startswith("zoneout-nru: nru whose units now and then stay as they are")
    assert "memory_size" in text
    assert "modified cell\n    A memory vector without saturating gates" in text
    assert "krueger2017zoneout" in (cited := told(capsys, "cite", "zoneout-nru"))
    assert "chandar2019towards" in cited
    assert refused(capsys, "explain", "zoneout-nrv").startswith("there is no model 'zoneout-nrv'")


def test_explain_shows_the_equations(capsys):
    text = told(capsys, "explain", "ur-lstm")
    assert "g = f + f (1 - f) (2 r - 1)" in text
    assert "71,168 numbers" in text


def test_explain_tells_states_start_remarks_and_published_numbers_with_their_mark(capsys):
    text = told(capsys, "explain", "goru", "--hidden_size", "16", "--backend", "reference")
    assert "states, the output first\n    h 16\n" in text
    assert "starting values\n    weights U(-0.01, 0.01)" in text
    assert "Jing et al. 2019. The authors' code has" in text
    assert "permuted MNIST (test): 87\N{NARROW NO-BREAK SPACE}%†, Chandar et al. 2019" in text
    assert "† written down from memory of the paper" in text
    text = told(capsys, "explain", "hm-lstm", "--hidden_size", "16", "--layers", "2", "--backend", "reference")
    assert "h 16, h_1 16, c_1 16, z_1 1, h_2 16, c_2 16" in text
    assert "1.24 bits a character on the Penn Treebank, as quoted by Li et al. 2018" in text


def test_explain_takes_the_options_of_the_model_and_says_sizes(capsys):
    text = told(capsys, "explain", "nru", "--memory_size", "36", "--heads", "1", "--backend", "reference")
    assert "cells.0.weight_mh 128 x 36" in text
    assert "backend reference" in text
    deep = told(capsys, "explain", "rnn", "--hidden_size", "16", "--num_layers", "2", "--steps", "7")
    assert "cells.1.weight_hh 16 x 16" in deep
    assert "with 7 steps of 32 sequences" in deep
    assert "a backward pass needs" in deep


def test_explain_tells_mistakes_in_a_line(capsys):
    assert refused(capsys, "explain", "nru", "--memory_sise", "36") == (
        "there is no option --memory_sise; did you mean --memory_size?"
    )
    assert "no option --memory_size" in refused(capsys, "explain", "lstm", "--memory_size", "36")
    assert refused(capsys, "explain") == "no model was named (`holdfast list models` shows them)"
    assert refused(capsys, "explain", "lstm", "--steps", "0") == "--steps must be at least 1, got 0"


def test_cite_prints_each_entry_once(capsys):
    text = told(capsys, "cite", "ur-lstm", "ur-gru", "copying")
    assert text.count("@inproceedings{gu2020improving,") == 1
    assert "arjovsky2016unitary" in text


def test_a_misspelt_model_gets_the_nearest_from_each_command(capsys):
    assert refused(capsys, "cite", "ur-lsmt") == "there is no model or task 'ur-lsmt'; did you mean 'ur-lstm'?"
    assert refused(capsys, "explain", "ur-lsmt") == "there is no model 'ur-lsmt'; did you mean 'ur-lstm'?"


def test_report_makes_a_page_and_says_where(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = ["train", "--task", "copying", "--task.lag", "2", "--task.evaluation_examples", "8", "--model", "lstm"]
    assert main([*run, "--model.hidden_size", "4", "--training.steps", "2", "--training.threads", "1"]) == 0
    capsys.readouterr()
    assert told(capsys, "report", "runs", "--out", "page") == "The report is in page/index.html\n"
    assert (tmp_path / "page" / "index.html").exists()
    assert "nowhere" in refused(capsys, "report", "nowhere")


def test_a_reader_that_has_seen_enough_is_no_error():
    code = "import sys, holdfast.cli; sys.exit(holdfast.cli.main(['list']))"
    command = f"{sys.executable} -c {json.dumps(code)} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "models\n"


def test_ctrl_c_is_told_in_a_line(capsys, monkeypatch):
    def interrupt(given):
        raise KeyboardInterrupt

    monkeypatch.setattr(holdfast.cli, "_run", interrupt)
    assert main(["list"]) == 130
    assert capsys.readouterr().err == "holdfast: stopped\n"


def test_a_mistake_of_ours_is_not_taken_for_one_of_the_user(monkeypatch):
    def slip(given):
        raise AssertionError

    monkeypatch.setattr(holdfast.cli, "_run", slip)
    with pytest.raises(AssertionError):
        main(["list"])
