"""`holdfast cache`: the kernels that were compiled on this machine."""

from collections.abc import Sequence

from holdfast.backends.cache_command import clear_cache, list_cache
from holdfast.cli.parser import Parser


def main(arguments: Sequence[str]) -> int:
    """Lists the compiled kernels, or removes them."""
    actions = {"list": list_cache, "clear": clear_cache}
    parser = Parser("cache", "[list|clear]", "Shows the compiled kernels, or removes them; they are built again.")
    parser.add_argument("action", nargs="?", default="list", choices=list(actions), help="what to do")
    actions[parser.parse_args(arguments).action]()
    return 0
