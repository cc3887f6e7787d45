"""`holdfast cache`: the kernels that were compiled and the data sets that were decoded on this machine."""

from collections.abc import Sequence

from rich.filesize import decimal

from holdfast.backends.cache_command import clear_cache, list_cache
from holdfast.backends.libraries.folder import wanted_folder
from holdfast.cli.parser import Parser
from holdfast.tasks.kept import clear, kept
from holdfast.tasks.stored import data_cache


def main(arguments: Sequence[str]) -> int:
    """Lists the compiled kernels and the decoded sets, or removes them."""
    actions = {"list": list_all, "clear": clear_all}
    parser = Parser("cache", "[list|clear]", "Shows the compiled kernels and decoded data sets, or removes them.")
    parser.add_argument("action", nargs="?", default="list", choices=list(actions), help="what to do")
    actions[parser.parse_args(arguments).action]()
    return 0


def list_all() -> None:
    """Kernels, then data sets."""
    list_cache()
    found = kept(wanted_folder())
    for name, size in found.items():
        print(f"  {decimal(size):>10}  {name}")
    sets = "1 data set" if len(found) == 1 else f"{len(found)} data sets"
    print(f"{sets}, {decimal(sum(found.values()))}, in {data_cache(wanted_folder())}")


def clear_all() -> None:
    """Both are made again when they are needed."""
    clear_cache()
    print(f"{decimal(clear(wanted_folder()))} of data sets set free in {data_cache(wanted_folder())}")
