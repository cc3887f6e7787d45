"""Options from signatures: what a function, a class or a catalogue entry takes, the command line takes too."""

import re
from collections.abc import Iterable, Mapping
from inspect import Parameter, cleandoc
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import docstring_parser
from jsonargparse import ArgumentParser

from holdfast.cli.errors import UserError
from holdfast.spelling import did_you_mean

EXTRA = ("--help", "--print_config")


class Parser(ArgumentParser):
    """A parser of typed options, whose errors name the option that was meant.

    Args:
        command: the words after `holdfast`.
        usage: what follows them.
        description: what the command does.
    """

    def __init__(self, command: str, usage: str, description: str):
        super().__init__(
            prog=f"holdfast {command}",
            usage=f"holdfast {command} {usage}",
            description=description,
            allow_abbrev=False,
        )

    def error(self, message: str, ex: Exception | None = None):
        """Tells the user in a line.

        Raises:
            UserError: always.
        """
        raise UserError(self._in_words(message)) from ex

    def _in_words(self, message: str) -> str:
        if found := re.search(r"unrecognized arguments: (.*)", message):
            words = found[1].split()
            option = next((word for word in words if word.startswith("--")), words[0]).split("=")[0]
            return f"there is no option {option}{self._nearest(option, '--')}"
        if found := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            known = found[2].replace("'", "")
            return f"there is no '{found[1]}'; there are {known}"
        if found := re.search(r"Option '(.*)' is not accepted", message):
            return f"there is no setting {found[1]}{self._nearest(found[1])}"
        if found := re.search(r"arguments are required: (.*)", message):
            return f"--{found[1].split(', ')[0]} is missing; --help says what it is"
        if found := re.search(r'Parser key "(.*?)":(?:.|\n)*?Expected an? (.*)\. Got value: (.*)', message):
            return f"{found[1]} must be {_in_words(found[2])}, got {found[3]!r}"
        return " ".join(message.split())

    def _nearest(self, name: str, prefix: str = "") -> str:
        known = [*(f"{prefix}{key}" for key in self.get_defaults().keys()), *EXTRA]  # noqa: SIM118  a Namespace
        return f"; {did_you_mean(name, known, '--help lists those that there are', mark='')}"


def add_options(
    parser: Parser, prefix: str, title: str, parameters: Mapping[str, Parameter], help: Mapping[str, str]
) -> None:
    """An option `--prefix.name`, or `--name`, for each parameter whose values can stand in a file.

    Args:
        parser: gets them, in a group of their own.
        prefix: such as "task"; none if it is empty.
        title: of the group in `--help`.
        parameters: with types and defaults; one without a default is required.
        help: a line for each.
    """
    group = parser.add_argument_group(title)
    for name, parameter in parameters.items():
        if is_plain(parameter.annotation):
            several = get_origin(parameter.annotation) is list
            type = get_args(parameter.annotation)[0] if several else parameter.annotation
            form = {"type": type} | ({"nargs": "*"} if several else {})
            default = {"required": True} if parameter.default is Parameter.empty else {"default": parameter.default}
            group.add_argument(f"--{prefix}.{name}" if prefix else f"--{name}", help=help.get(name), **form, **default)


def is_plain(annotation: Any) -> bool:
    """Whether values of that type are numbers, words and the like, and so can be written in a settings file."""
    if get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) in (Union, UnionType, list):
        return all(map(is_plain, get_args(annotation)))
    return annotation in (int, float, bool, str, None, NoneType)


def optional(parameter: Parameter) -> Parameter:
    """The parameter with None for "as it is with each"."""
    listed = get_origin(parameter.annotation) is list
    return parameter.replace(default=None, annotation=parameter.annotation if listed else parameter.annotation | None)


def argument_help(documented: Iterable[Any]) -> dict[str, str]:
    """What the docstrings of classes and functions say of their arguments; of two, the first that says something."""
    help: dict[str, str] = {}
    for thing in documented:
        for argument in docstring_parser.parse(cleandoc(thing.__doc__ or "")).params:
            help.setdefault(argument.arg_name, " ".join((argument.description or "").split()))
    return help


def _in_words(expected: str) -> str:
    """A type as people would say it."""
    if found := re.fullmatch(r"typing\.Literal\[(.*)\]", expected):
        return f"one of {found[1]}".replace("'", "")
    names = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text", "list": "a list"}
    name = expected.removeprefix("<class '").removesuffix("'>")
    return names.get(name, name)
