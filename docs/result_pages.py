"""Makes pages of what stands in results/ in words and pictures.

Run by `make docs`: python docs/result_pages.py docs/results
"""

import shutil
import sys
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"


def write(folder: Path) -> None:
    """Write a page <name>/index.md into `folder` for every results/<name>/README.md, with the pictures beside it."""
    for text in sorted(RESULTS.glob("*/README.md")):
        page = folder / text.parent.name
        page.mkdir(parents=True, exist_ok=True)
        shutil.copy(text, page / "index.md")
        for picture in text.parent.glob("*.svg"):
            shutil.copy(picture, page)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
