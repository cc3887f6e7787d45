"""The page in a real browser, where there is one: run with `-m slow`."""

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
