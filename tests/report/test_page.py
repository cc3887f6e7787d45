import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from made_up_records import COPYING, Course, write_run

import holdfast
from holdfast import citations
from holdfast.experiments import EXPERIMENTS, Experiment, Question
from holdfast.experiments.claims import better, cheaper, solves, sooner
from holdfast.probes import probe
from holdfast.report import comparisons, read_runs
from holdfast.report.keep import take
from holdfast.report.page import render, sections
from holdfast.report.probed import CAPTIONS
from holdfast.report.results import results_json
from holdfast.report.saved import saved

Write = Callable[..., Path]
VOID = {"meta", "link", "br", "input", "circle", "path", "rect", "use", "img"}


class Page(HTMLParser):
    """A page taken apart, just far enough to ask it questions."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.mistakes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", "".join(self.words))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def html(demo: Path) -> str:
    return render(sections(comparisons(read_runs([demo]))))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture
def made(tmp_path: Path) -> Callable[[], Page]:
    """The page of whatever runs were written below tmp_path."""
    return lambda: Page(render(sections(comparisons(read_runs([tmp_path])))))


def test_the_page_is_well_formed(page: Page):
    assert page.mistakes == []
    assert page.open == []


def test_the_page_holds_all_it_needs(html: str, page: Page):
    loaded = [attributes.get("src") for _, attributes in page.tags if "src" in attributes]
    assert loaded == []
    assert page.attributes("script") == [{}]
    assert all(link["href"].startswith("data:") for link in page.attributes("link"))
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_the_same_records_give_the_same_page(small: Path):
    once, again = (render(sections(comparisons(read_runs([small])))) for _ in range(2))
    assert once == again


def test_every_id_is_there_once_and_every_link_leads_somewhere(page: Page):
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [name for name, times in ids.items() if times > 1] == []
    targets = {a["href"].removeprefix("#") for a in page.attributes("a")}
    targets |= {name for _, attributes in page.tags for name in (attributes.get("aria-labelledby") or "").split()}
    assert targets <= set(ids)


def test_headings_go_down_one_level_at_a_time(page: Page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_can_be_used_without_eyes_and_without_a_mouse(page: Page):
    assert page.attributes("html")[0]["lang"] == "en"
    assert len(page.attributes("caption")) == len(page.attributes("table"))
    assert all(header.get("scope") in ("row", "col") for header in page.attributes("th"))
    scrolling = [div for div in page.attributes("div") if div.get("class") == "scroll"]
    assert len(scrolling) == len(page.attributes("table"))
    assert all(div["tabindex"] == "0" and div["role"] == "region" and div["aria-label"] for div in scrolling)
    pictures = [svg for svg in page.attributes("svg") if svg.get("aria-hidden") != "true"]
    assert pictures
    assert all(svg["role"] == "img" and svg["aria-labelledby"] for svg in pictures)
    assert len(page.attributes("summary")) == len(page.attributes("details"))


def test_the_page_fits_a_phone_and_both_themes(html: str, page: Page):
    assert {"width=device-width, initial-scale=1"} <= {meta.get("content") for meta in page.attributes("meta")}
    assert "@media (prefers-color-scheme: dark)" in html
    drawings = Counter(div["class"] for div in page.attributes("div") if "drawing" in (div.get("class") or ""))
    assert drawings == {"drawing wide": 4, "drawing narrow": 4}


def test_claims_of_experiments_stand_beside_what_became_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def quick(scale: str) -> tuple[Question, ...]:
        """Who is quick."""
        settings = {"task": {"name": "copying"}, "models": {"ur-lstm": {}, "lstm": {}, "nru": {}}}
        claims = (
            better("ur-lstm", than="lstm"),
            better("lstm", than="ur-lstm"),
            solves("nru"),
            solves("ur-lstm"),
            sooner("lstm", than="ur-lstm"),
            cheaper("lstm", than="ur-lstm"),
        )
        return (Question("q", settings, claims),)

    monkeypatch.setattr(quick, "__module__", "made")
    experiment = Experiment(quick, "gu2020improving")
    monkeypatch.setitem(EXPERIMENTS, experiment.name, experiment)
    root = tmp_path / experiment.name / "small" / "q"
    write_run(root, COPYING, "ur-lstm", 0, Course(500))
    write_run(root, COPYING, "lstm", 0, Course(9000))
    html = render(sections(comparisons(read_runs([tmp_path]))))
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td><span class="tag (\w+)">([^<]*)</span>', html)
    assert rows == [
        ("ur-lstm does better than lstm", "good", "met"),
        ("lstm does better than ur-lstm", "bad", "not met"),
        ("nru solves it in every run", "plain", "open"),
        ("ur-lstm solves it in every run", "good", "met"),
        ("lstm solves it in every run, sooner than ur-lstm where that does", "bad", "not met"),
        ("lstm takes fewer operations a sequence than ur-lstm", "bad", "not met"),
    ]
    measured = re.findall(r'</span></td><td class="words">([^<]*)</td></tr>', html)
    assert re.fullmatch(r"ur-lstm 9\d\.\d\d\u202f%; lstm \d\d\.\d\d\u202f%", measured[0])
    assert measured[2] == "not run"
    assert re.fullmatch(r"ur-lstm [\d\u202f]+ steps", measured[3])
    assert re.fullmatch(r"lstm not solved; ur-lstm [\d\u202f]+ steps", measured[4])
    assert measured[5] == "lstm 8\u202f478\u202f720 operations; ur-lstm 8\u202f478\u202f720 operations"
    page = Page(html)
    assert page.mistakes == []
    assert "Who is quick" in page.text
    assert "solves it fast†" in page.text
    assert "6 claims: 2 met, 3 not met, 1 open." in page.text
    assert {"#task-1", "#claims"} <= {a["href"] for a in page.attributes("a")}
    told = json.loads(results_json(sections(comparisons(read_runs([tmp_path])))))["claims"]
    assert [one["verdict"] for one in told] == ["met", "not met", "open", "met", "not met", "not met"]


def test_figures_of_a_probe_are_part_of_the_page(write: Write, made: Callable[[], Page], tmp_path: Path):
    layer = holdfast.make("kaf-lstm", 2, 3, backend="reference").eval()
    measured = probe(layer, torch.randn(5, 2, 2), generator=torch.Generator().manual_seed(0)).as_dict()
    kept = tmp_path / "results"
    for model, seed in (("lstm", 0), ("lstm", 1), ("nru", 0)):
        folder = write(model, seed=seed)
        if model == "lstm":
            (folder / "probe").mkdir()
            numbers = {"format": 1, "runs": {"any": {"before": measured, "after": measured}}}
            (folder / "probe/probe.json").write_text(json.dumps(numbers))
    page = made()
    assert all(any(word.startswith(f"{caption}, on ") for word in page.words) for caption in CAPTIONS.values())
    take(tmp_path, kept)
    (part,) = sections(comparisons(read_runs([kept])))
    assert [caption for caption, _ in part.diagnostics] == list(CAPTIONS.values())


def test_what_runs_save_at_inference_is_on_the_page_in_the_ledger_and_in_the_results(
    write: Write, made: Callable[[], Page], tmp_path: Path
):
    below = {"threshold": 0.01, "seconds": 2.0, "whole_seconds": 10.0, "layer_seconds": 4.0}
    for seed in (0, 1):
        entry = {**below, "accuracy": 0.9 + seed / 50, "operations": 30.0, "of": 120.0, "updated": 0.25}
        saving = {"metric": "accuracy", "batch_size": 1, "measured": [entry], "environment": {"processor": "A chip"}}
        (write("ur-lstm", seed=seed) / "saving.json").write_text(json.dumps(saving))
    write("lstm")
    page = made()
    row = ("ur-lstm", "below 0.01", "25 %", "25 %", "0.500", "0.200", "accuracy 91.00 %", "0, 1", "1", "A chip")
    assert "|".join(row) in "|".join(page.words).replace("\u202f", " ")
    assert page.mistakes == []
    take(tmp_path, tmp_path / "kept")
    assert saved({"ur-lstm": read_runs([tmp_path / "kept"])[1:]})[0][1:4] == ("below 0.01", "25\u202f%", "25\u202f%")


def test_every_run_is_there_whatever_became_of_it(page: Page):
    assert "5 models on 2 tasks, 30 runs in all" in page.text
    assert "Every run (15)" in page.text
    for words in (
        "1 diverged",
        "1 unfinished",
        "the loss became NaN at step 1200",
        "1 torn line of its metrics left out",
    ):
        assert words in page.text


def test_every_run_says_where_its_record_lies_when_it_solved_the_task_and_where_it_was_made(
    write: Write, made: Callable[[], Page]
):
    write("ur-lstm", half_way=500)
    folder = write("lstm", half_way=9000)
    environment = folder / "environment.json"
    environment.write_text(environment.read_text().replace("EPYC", "Xeon"))
    page = made()
    (run,) = [row for row in page.text.split("ur-lstm") if "copying/lstm/seed-0" in row][-1:]
    assert f"environment 2 {folder}" in page.text.replace("\n", " ")
    assert "not solved" in run
    assert {"#environment-1", "#environment-2"} <= {a["href"] for a in page.attributes("a")}
    assert re.search(r"Environment 2: 1 run, started", page.text)


def test_an_environment_says_where_its_runs_were_before_in_what_it_was_otherwise(
    write: Write, made: Callable[[], Page]
):
    folder = write("lstm", half_way=9000)
    path = folder / "environment.json"
    told = json.loads(path.read_text())
    earlier = {**told, "cores": 4, "processor": "A chip", "started": "2026-11-19T09:30:00+00:00"}
    path.write_text(json.dumps({**told, "device": "cpu", "before": [earlier]}))
    assert re.search(r"before\s*processor A chip, cores 4, device not told", made().text)


def test_a_task_comes_with_its_lag_its_chance_and_what_was_found(page: Page):
    assert "remember ten letters over a long gap" in page.text
    assert "Chance12.5\u202f%, loss 0.173" in page.text.replace("Chance ", "Chance")
    assert "10 ln 8 nats over 120 steps" in page.text
    assert "Solved in every run, after so many steps on average: ur-lstm" in page.text


def test_the_best_is_marked_in_a_word(html: str):
    assert len(re.findall(r'<span class="tag before">best</span>', html)) == 4, "twice a task: overview and table"


def test_numbers_of_another_task_are_said_to_be(page: Page):
    assert "Published on another task: MNIST, pixel by pixel" in page.text
    assert "MNIST has larger scans" in page.text
    assert "99.28\u202f%" in page.text


def test_a_recalled_number_has_its_mark_explained(page: Page):
    assert "†" in page.text
    assert "was written down from memory of the paper, not checked against it" in page.text


def test_settings_are_told_once_where_all_agree_and_model_by_model_where_not(page: Page):
    assert page.text.count("training.optimiser") == 2, "once a task"
    assert "model.t_max" in page.text
    assert "model.name" not in page.text


def test_every_paper_named_is_in_the_references(page: Page):
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {"gu2020improving", "tallec2018can", "chandar2019towards", "lecun1998gradient"} & ids >= {
        "gu2020improving",
        "tallec2018can",
        "chandar2019towards",
    }
    assert citations.reference("tallec2018can").title in page.text


def test_machines_are_told_once(page: Page):
    assert page.text.count("AMD EPYC 7B13") == 1
    assert "30 runs, started 2026-11-20 09:30 to 2026-11-20 09:32" in page.text


def test_one_task_needs_no_overview(write: Write, made: Callable[[], Page]):
    write("lstm")
    page = made()
    assert "At a glance" not in page.text
    assert "1 model on 1 task, 1 run in all" in page.text


def test_where_few_models_share_tasks_the_overview_tells_the_best_of_each(write: Write, made: Callable[[], Page]):
    for lag in range(5):
        task = {part: {**content, "lag": lag} for part, content in COPYING.items()}
        write("lstm", task=task, label=f"lstm-{lag}", half_way=9000)
        write("ur-lstm", task=task, label=f"ur-lstm-{lag}", half_way=500)
    page = made()
    assert page.mistakes == []
    overview = page.text.partition("At a glance")[2].partition("Claims")[0]
    assert "Of the models that were run on a task the best one" in overview
    for lag in range(5):
        assert re.search(rf"lag {lag}\s+ur-lstm-{lag}\s+9\d", overview)
    assert "not run" not in overview


def test_a_run_that_has_just_begun_makes_a_page(write: Write, made: Callable[[], Page]):
    folder = write("lstm", ending="unfinished")
    for name in ("metrics.jsonl", "description.json", "environment.json"):
        (folder / name).unlink()
    page = made()
    assert page.mistakes == []
    for words in ("none yet", "unfinished", "not solved", "Their records do not say."):
        assert words in page.text


def test_a_model_of_ones_own_with_an_odd_name_and_unknown_sources_makes_a_page(write: Write, made: Callable[[], Page]):
    folder = write("lstm", label="<b>mine & more")
    description = folder / "description.json"
    description.write_text(description.read_text().replace("hochreiter1997long", "me2026mine"))
    page = made()
    assert page.mistakes == []
    assert "<b>mine & more" in page.text
    assert "me2026mine" in page.text


def test_a_row_that_is_told_apart_by_its_settings_says_so_in_a_line_of_its_own(write: Write, made: Callable[[], Page]):
    write("lstm", 0, hidden_size=64)
    write("lstm", 1, hidden_size=128)
    page = made()
    assert "(hidden_size 64)" in page.text
    assert any(span.get("class") == "apart" for span in page.attributes("span"))
