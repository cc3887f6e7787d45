"""What a command says to a mistake: one line, and the exit code 2."""

from collections.abc import Callable

from holdfast.cli import main


def refusals_of(command: str) -> Callable[..., str]:
    """A function that gives a command arguments with a mistake in them, and returns the line that it says."""

    def refused(capsys, *arguments) -> str:
        code = main([command, *map(str, arguments)])
        error = capsys.readouterr().err
        assert code == 2
        assert error.count("\n") == 1
        return error.removeprefix("holdfast: ").rstrip("\n")

    return refused
