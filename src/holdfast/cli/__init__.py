"""The command line, the only place where a string becomes an object.

Nothing heavy is imported before a command is known, so that `holdfast --help` answers at once.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import holdfast
from holdfast.cli.errors import UserError
from holdfast.spelling import did_you_mean

COMMANDS = {
    "list": ("listing", "the models and tasks, with their sources"),
    "train": ("train", "one model on one task"),
    "compare": ("compare", "several models and seeds on one task, side by side"),
    "sweep": ("sweep", "one model over a grid or a search of settings, here or on Ray"),
    "reproduce": ("reproduce", "an experiment of a paper, and what became of its claims"),
    "ledger": ("ledger", "what papers report and what came of it here, claim by claim"),
    "probe": ("probe", "what trained layers remember, and for how long: numbers and figures"),
    "report": ("report", "a page, figures and tables from the records of runs"),
    "export": ("export", "a trained model for PyTorch alone, ONNX and other machines"),
    "explain": ("explain", "a model: its equations, source, parameters and backend"),
    "saving": ("saving", "a trained run: operations and time saved where what rests is not computed"),
    "cite": ("cite", "the BibTeX entries of models and tasks"),
    "bench": ("bench", "how fast layers are on this machine, beside torch's own"),
    "cache": ("cache", "the kernels compiled and data sets decoded on this machine: list, clear"),
}
"""Each command with the module that holds its `main`, and what it shows, does or makes."""

EXAMPLES = """\
  holdfast list
  holdfast train --task copying --task.lag 100 --model ur-lstm --training.steps 1000
  holdfast compare --task digits --models lstm chrono-lstm ur-lstm --model.t_max 64 --seeds 0 1 2
  holdfast report runs --out report"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: as on the command line; those of the process unless given.

    Returns:
        0 if all went well, 1 if a run did not, 2 for a mistake of the user, 130 after Ctrl-C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (UserError, ValueError, OSError) as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("holdfast: stopped", file=sys.stderr)
        return 130


def _run(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help"):
        print(usage())
    elif given[0] == "--version":
        print(f"holdfast {holdfast.__version__}")
    elif given[0] in COMMANDS:
        module, _ = COMMANDS[given[0]]
        return import_module(f"holdfast.cli.{module}").main(given[1:])
    else:
        hint = did_you_mean(given[0], COMMANDS, f"there are {', '.join(COMMANDS)}")
        raise UserError(f"there is no command '{given[0]}'; {hint}")
    return 0


def usage() -> str:
    """What `holdfast --help` shows."""
    commands = "\n".join(f"  {name:<10}{summary}" for name, (_, summary) in COMMANDS.items())
    return (
        "usage: holdfast COMMAND [options]\n\n"
        f"{(holdfast.__doc__ or '').splitlines()[0]}\n\n"
        f"commands:\n{commands}\n\n"
        f"examples:\n{EXAMPLES}\n\n"
        "`holdfast COMMAND --help` shows the options of a command."
    )
