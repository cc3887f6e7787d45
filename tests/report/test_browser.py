"""The page in a real browser, where there is one: run with `-m slow`."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from made_up_records import write_everything
from PIL import Image

from holdfast.report import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
PHONE = """<!DOCTYPE html><meta name="color-scheme" content="light dark">
<body style="margin:0"><iframe src="{page}" style="width:390px;height:2000px;border:0"></iframe><script>
window.addEventListener("message", (told) => {{ document.body.append(Object.assign(
  document.createElement("pre"), {{ id: "told", textContent: JSON.stringify(told.data) }})); }});</script>"""
"""A window can't be as narrow as a phone, a frame can: it tells its own window what it measured."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no browser is installed")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = write_everything(tmp_path_factory.mktemp("runs"))
    return write_report([runs], tmp_path_factory.mktemp("report")).parent


def in_browser(report: Path, script: str, profile: Path, width: str) -> tuple[dict[str, Any], str]:
    """What a script on the page tells, an object, and all that the browser wrote beside it."""
    told = f"<script>(() => {{ {script} }})();</script></body>"
    (report / "scripted.html").write_text((report / "index.html").read_text().replace("</body>", told))
    (report / "window.html").write_text(PHONE.format(page="scripted.html"))
    if width == "laptop":
        page = PHONE.format(page="scripted.html").replace("width:390px", "width:1280px")
        (report / "window.html").write_text(page)
    flags = [
        f"--user-data-dir={profile}",
        "--window-size=1400,2100",
        "--enable-logging=stderr",
        "--hide-scrollbars",
        "--dump-dom",
    ]
    command = [str(BROWSER), *QUIET.split(), *flags, "--virtual-time-budget=20000", (report / "window.html").as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    (found,) = re.findall(r'<pre id="told">(.*?)</pre>', done.stdout)
    return json.loads(unescape(found)), done.stderr


def picture(page: Path, width: int, profile: Path, *flags: str) -> Image.Image:
    target = profile / "picture.png"
    size = [f"--user-data-dir={profile}", f"--window-size={width},2000", f"--screenshot={target}"]
    command = [str(BROWSER), *QUIET.split(), "--hide-scrollbars", *size, *flags, page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return Image.open(target).convert("RGB")


def test_the_page_is_light_or_dark_as_the_reader_has_it(report: Path, tmp_path: Path):
    light = picture(report / "index.html", 1280, tmp_path / "light", "--blink-settings=preferredColorScheme=1")
    dark = picture(report / "index.html", 1280, tmp_path / "dark", "--blink-settings=preferredColorScheme=0")
    assert light.getpixel((5, 5)) == (0xF5, 0xF7, 0xF5)
    assert dark.getpixel((5, 5)) == (0x0F, 0x14, 0x17)


MEASURED = """
for (const fold of document.querySelectorAll("details")) fold.open = true;
const wide = document.documentElement.clientWidth;
const beyond = (one) => one.checkVisibility() && one.getBoundingClientRect().right > wide + 0.5;
const inside = (one) => one.parentElement.closest(".scroll, svg");
const out = [...document.body.querySelectorAll("*")].filter((one) => beyond(one) && !inside(one));
const names = [...document.querySelectorAll(".scroll")].map((box) => [box.getAttribute("aria-label"), Math.max(
  ...[...box.querySelectorAll("tbody th")].map((one) => one.getBoundingClientRect().width)) / box.clientWidth]);
parent.postMessage({
  wide, whole: document.documentElement.scrollWidth, tables: names.length, claims: !!document.querySelector("#claims"),
  diagnostics: [...document.querySelectorAll("summary")].some((one) => one.textContent === "Diagnostics"),
  out: out.map((one) => one.outerHTML.slice(0, 120)), names,
}, "*");
"""


@pytest.mark.parametrize(("width", "pixels"), [("laptop", 1280), ("phone", 390)])
def test_nothing_sticks_out_with_every_fold_open_and_names_leave_room_for_numbers(report, tmp_path, width, pixels):
    told, _ = in_browser(report, MEASURED, tmp_path, width)
    assert told["wide"] == pixels
    assert told["claims"], "the widest tables are there"
    assert told["diagnostics"]
    assert told["out"] == []
    assert told["whole"] == pixels
    assert told["tables"] > 8
    assert {label: share for label, share in told["names"] if share > 0.55} == {}


CLICKED = """
document.querySelector("#task-1 table th button").click();
const search = document.querySelector("#search");
const visible = () => [...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility()).length;
const ask = (wanted) => { search.value = wanted; search.dispatchEvent(new Event("input")); };
const folds = () => document.querySelectorAll("details[open]").length;
const status = document.querySelector(".search [role=status]");
const before = visible();
document.querySelector("#task-2 details:last-of-type").open = true;
ask("nru");
const found = [status.textContent, visible(), folds()];
ask("nru solved");
const words = status.textContent;
const digits = [...document.querySelectorAll("#task-1 tbody td.number")].map((one) => one.textContent.trim());
const thin = digits.find((one) => /^\\d+\\u202f\\d{3}$/.test(one));
const spaced = ["\\u202f", " ", ""].map((space) => thin.replace("\\u202f", space));
const digitwise = spaced.map((number) => { ask(number); return status.textContent; });
ask("no such model");
const nothing = [status.textContent, visible(), folds()];
document.querySelector("#task-2 details:last-of-type").open = false;
ask("");
const glance = document.querySelector("[aria-labelledby=overview] thead th:nth-child(2)");
glance.querySelector("button").click();
const overview = [glance.getAttribute("aria-sort"), glance.querySelector("button").getAttribute("aria-label"),
  glance.querySelector("a").textContent];
parent.postMessage({ found, nothing, words, overview, digitwise, before,
  after: [status.textContent, visible(), folds()],
  sorted: document.querySelector("#task-1 table th[aria-sort=ascending]").textContent }, "*");
"""


@pytest.mark.parametrize("width", ["laptop", "phone"])
def test_tables_are_sorted_and_searched_and_the_console_stays_empty(report: Path, tmp_path: Path, width: str):
    told, written = in_browser(report, CLICKED, tmp_path, width)
    assert "CONSOLE" not in written
    assert told["sorted"] == "Model"
    words, shown, open_folds = told["found"]
    assert re.fullmatch(rf"{shown} of \d+ rows", words), "as many as can be seen"
    assert open_folds > 4
    assert 0 < int(told["words"].split()[0]) < shown, "the rows that hold both words"
    assert len(set(told["digitwise"])) == 1, "however its digits are grouped"
    assert not told["digitwise"][0].startswith("0 ")
    order, said, link = told["overview"]
    assert (order, said) == ("ascending", f"sort by {link}")
    assert told["nothing"][:2] == [re.sub(r"^\d+", "0", words), 0]
    assert told["nothing"][2] == 1, "the one that the reader opened"
    assert told["after"] == ["", told["before"], 0]


PRINTED = """
const folds = () => document.querySelectorAll("details[open]").length;
document.querySelector("#task-2 details:last-of-type").open = true;
dispatchEvent(new Event("beforeprint"));
const printed = folds();
dispatchEvent(new Event("afterprint"));
parent.postMessage({ printed, after: folds(), all: document.querySelectorAll("details").length }, "*");
"""


def test_a_printed_page_has_its_folds_open(report: Path, tmp_path: Path):
    told, _ = in_browser(report, PRINTED, tmp_path, "laptop")
    assert told["printed"] == told["all"]
    assert told["after"] == 1, "the one that the reader opened"
