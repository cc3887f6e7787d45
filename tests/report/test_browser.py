"""The page in a real browser, where there is one: run with `-m slow`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from holdfast.report import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
PHONE = """<!DOCTYPE html><meta name="color-scheme" content="light dark">
<body style="margin:0"><iframe src="index.html" style="width:390px;height:2000px;border:0"></iframe>"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no browser is installed")]


@pytest.fixture(scope="module")
def report(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([demo], tmp_path_factory.mktemp("report")).parent


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


def test_nothing_sticks_out_of_a_phone(report: Path, tmp_path: Path):
    """The ground must reach the right edge all the way down: something too wide would scroll the whole page."""
    (report / "phone.html").write_text(PHONE)
    shown = picture(report / "phone.html", 500, tmp_path / "phone", "--allow-file-access-from-files")
    edge = {shown.getpixel((388, y)) for y in range(0, 2000, 10)}
    assert edge == {(0xF5, 0xF7, 0xF5)}


CLICKS = """<script>
document.querySelector("#task-1 table th button").click();
const search = document.querySelector("#search");
search.value = "nru";
search.dispatchEvent(new Event("input"));
</script></body>"""


def test_tables_are_sorted_and_searched_and_the_console_stays_empty(report: Path, tmp_path: Path):
    page = report / "clicked.html"
    page.write_text((report / "index.html").read_text().replace("</body>", CLICKS))
    flags = [f"--user-data-dir={tmp_path}", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run(
        [str(BROWSER), *QUIET.split(), *flags, page.as_uri()], check=True, capture_output=True, text=True, timeout=120
    )
    assert "CONSOLE" not in done.stderr
    assert re.search(r'<th[^>]*aria-sort="ascending"[^>]*><button type="button">Model', done.stdout)
    (rows,) = re.findall(r"(\d+) of \d+ rows", done.stdout)
    assert 0 < int(rows) < 20
    assert '<tr hidden=""' in done.stdout
