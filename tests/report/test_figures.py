import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from made_up_records import COPYING, DIGITS
from PIL import Image

from holdfast.report import Comparison, comparisons, figures, read_runs, theme
from holdfast.report.inline import inline

Write = Callable[..., Path]
SVG = "{http://www.w3.org/2000/svg}"


def looks(comparison: Comparison) -> dict[str, theme.Look]:
    return theme.looks(row.label for row in comparison.rows)


def drawn(comparison: Comparison, shape: figures.Shape = figures.FILE, against: str = "step") -> str:
    return figures.svg(figures.draw(comparison, looks(comparison), shape, against=against))


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def copying(demo: Path) -> Comparison:
    return comparisons(read_runs([demo]))[0]


@pytest.fixture
def compare(tmp_path: Path) -> Callable[[], Comparison]:
    return lambda: comparisons(read_runs([tmp_path]))[0]


def test_the_same_records_give_the_same_bytes(copying: Comparison):
    assert drawn(copying) == drawn(copying)
    png = [figures.png(figures.draw(copying, looks(copying), figures.FILE)) for _ in range(2)]
    assert png[0] == png[1]


def test_no_date_and_no_version_stand_in_the_file(copying: Comparison):
    svg = drawn(copying)
    assert "dc:date" not in svg
    assert "Matplotlib v" not in svg


def test_chance_and_the_criterion_are_lines_with_names(copying: Comparison):
    named = texts(drawn(copying))
    assert "chance 12.5\u202f%" in named
    assert "chance 0.173" in named
    assert "solved below 0.0173" in named


def test_the_file_has_a_legend_and_the_page_has_none_in_the_drawing(copying: Comparison):
    assert {"lstm", "ur-lstm", "nru"} <= set(texts(drawn(copying, figures.FILE)))
    assert not {"lstm", "ur-lstm", "nru"} & set(texts(drawn(copying, figures.WIDE)))


def test_every_seed_is_a_named_line(copying: Comparison):
    svg = drawn(copying)
    for seed, status in enumerate(("solved", "diverged", "unfinished")):
        assert svg.count(f'id="nru, seed {seed}: {status}"') == 2, "once a panel"


def test_many_seeds_get_their_median(write: Write, compare: Callable[[], Comparison]):
    for seed in range(7):
        write("lstm", seed, half_way=9000)
    svg = drawn(compare())
    assert svg.count('id="lstm, median of 7 seeds"') == 2
    assert svg.count('id="lstm, seed 6: finished"') == 2


def test_a_model_has_its_own_colour_in_every_line(copying: Comparison):
    svg = drawn(copying)
    for row in copying.rows:
        colour = looks(copying)[row.label].tone.light
        line = svg[svg.index(f'id="{row.label}, seed 0') :]
        assert f"stroke: {colour}" in line[: line.index("</g>")]


def test_narrow_panels_lie_below_each_other(copying: Comparison):
    wide, narrow = (
        figures.draw(copying, looks(copying), shape).get_size_inches() for shape in (figures.WIDE, figures.NARROW)
    )
    assert wide[0] > wide[1]
    assert narrow[0] < narrow[1]


def test_a_task_measured_by_its_loss_has_one_panel(write: Write, compare: Callable[[], Comparison]):
    by_loss = {**COPYING, "description": {**COPYING["description"], "metric": "loss", "higher_is_better": False}}
    write("lstm", task=by_loss)
    comparison = compare()
    assert figures.measures(comparison) == ["loss"]
    assert len(figures.draw(comparison, looks(comparison), figures.WIDE).axes) == 1


@pytest.mark.parametrize("against", ["step", "seconds"])
def test_runs_without_a_point_yet_leave_the_panel_empty(write: Write, compare: Callable[[], Comparison], against: str):
    folder = write("lstm", ending="unfinished")
    (folder / "metrics.jsonl").write_text("")
    (folder / "description.json").unlink()
    assert "validation loss, log scale" in texts(drawn(compare(), against=against))


def test_a_loss_of_exactly_zero_can_be_drawn(write: Write, compare: Callable[[], Comparison]):
    folder = write("lstm", half_way=9000)
    metrics = folder / "metrics.jsonl"
    metrics.write_text('{"event": "evaluation", "split": "validation", "step": 100, "loss": 0.0, "accuracy": 1.0}\n')
    assert "NaN" not in drawn(compare())


def test_a_loss_over_many_decades_has_a_tick_for_each_power_of_ten(write: Write, compare: Callable[[], Comparison]):
    write("lstm", task=COPYING, floor=1e-7, stop_when_solved=False)
    named = texts(drawn(compare()))
    assert "1×10⁻⁵" in named
    assert "0.05" not in named


def test_ticks_never_repeat_themselves(write: Write, compare: Callable[[], Comparison]):
    write("lstm", task=DIGITS, half_way=9000, steps=300, seconds_a_step=0.001)
    for against in ("step", "seconds"):
        for axes in figures.draw(compare(), looks(compare()), figures.WIDE, against=against).axes:
            for axis in (axes.xaxis, axes.yaxis):
                shown = [axis.get_major_formatter()(value, None) for value in axis.get_majorticklocs()]
                assert len(set(shown)) == len(shown)


def test_on_a_page_colours_are_variables_and_ids_are_its_own(copying: Comparison):
    page = inline(drawn(copying, figures.WIDE), prefix="task-1", title="Curves <1>", description="a & b")
    root = ET.fromstring(page)
    assert (root.attrib["role"], root.attrib["aria-labelledby"]) == ("img", "task-1-title task-1-description")
    assert [root.find(f"{SVG}{name}").text for name in ("title", "desc")] == ["Curves <1>", "a & b"]
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("task-1-") for name in ids)
    assert set(named(page)) <= set(ids)
    styles = " ".join(element.attrib.get("style", "") for element in root.iter())
    bare = [word for word in styles.replace(")", " ").replace(";", " ").split() if word.startswith("#")]
    assert set(bare) <= {tone.light for tone in theme.DRAWN}, "a colour that does not follow the theme"
    assert styles.count("#") == styles.count("var(--") + styles.count("url(#")


def named(page: str) -> Sequence[str]:
    """The ids that something in the drawing refers to."""
    return [part.split('"')[0] for part in page.split('href="#')[1:]] + [
        part.split(")")[0] for part in page.split("url(#")[1:]
    ]


def test_on_a_page_a_curve_names_itself(copying: Comparison):
    page = inline(drawn(copying, figures.WIDE), prefix="p", title="t", description="d")
    assert '<g class="curve"><title>nru, seed 1: diverged</title>' in page


def test_a_label_with_odd_characters_can_be_drawn_and_named(write: Write, compare: Callable[[], Comparison]):
    write("lstm", label='a<b> & "c" $x$', task=DIGITS)
    page = inline(drawn(compare(), figures.WIDE), prefix="p", title="t", description="d")
    titles = [element.text for element in ET.fromstring(page).iter(f"{SVG}title")]
    assert any(text.startswith('a<b> & "c" $x$, seed 0') for text in titles[1:])


def test_the_png_is_a_picture(copying: Comparison):
    picture = Image.open(io.BytesIO(figures.png(figures.draw(copying, looks(copying), figures.FILE))))
    assert picture.size[0] > picture.size[1] > 400
    assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
