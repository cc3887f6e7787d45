"""The models of a comparison, each under the label that its folder gets."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from holdfast.cli.errors import UserError


def labelled(models: Any) -> dict[str, dict[str, Any]]:
    """Names or a mapping as label -> {name, options}; a model that is not named otherwise is called by its label.

    Raises:
        UserError: they are neither, a name is there twice, or a label can't name a folder.
    """
    if isinstance(models, Mapping):
        return {label: _model(label, options) for label, options in models.items()}
    names = [] if models is None else models
    if not isinstance(names, list):
        raise _refusal(repr(names))
    for name in names:
        if not isinstance(name, str):
            raise _refusal(repr(name))
        if names.count(name) > 1:
            raise UserError(
                f"models has {name!r} {names.count(name)} times; give a model that runs with several settings "
                f"a label for each: {{a: {{name: {name}}}, b: {{name: {name}}}}}"
            )
    return {name: _model(name, None) for name in names}


def read_models(words: list[str]) -> dict[str, dict[str, Any]]:
    """The words after `--models`: names, or one mapping.

    Raises:
        UserError: the mapping can't be read, or what `labelled` refuses.
    """
    if len(words) != 1 or "{" not in words[0]:
        return labelled(words)
    try:
        return labelled(yaml.safe_load(words[0]))
    except yaml.YAMLError:
        raise _refusal(words[0]) from None


def _model(label: Any, options: Any) -> dict[str, Any]:
    about = {"name": label, **options} if isinstance(options, Mapping) else {"name": label}
    fits = isinstance(options, Mapping | None) and isinstance(about["name"], str)
    if not fits or not re.fullmatch(r"[\w+-][\w.+-]*", str(label)):
        raise _refusal(repr(label) if options is None else f"{label!r}: {options!r}")
    return about


def _refusal(got: str) -> UserError:
    return UserError(
        "models must be names, or label: {name: NAME, option: value} with labels that can name a folder "
        f"(in a file `models: [NAME, ...]`); got {got}"
    )
