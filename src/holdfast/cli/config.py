"""Files and words of a command line, brought to the one form that the parser takes.

Names may be written short. This is how they are spelt out, on the command line and in files:

    --task copying          --task.name copying          task: copying     task: {name: copying}
    --models lstm janet     --models '{...}'             models: [lstm]    models: {lstm: {name: lstm}}

A file may be YAML or JSON: the settings.json of a run is one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from holdfast.cli.errors import UserError
from holdfast.cli.labels import labelled, read_models

NAMED = ("task", "model", "objective")
TAKEN_APART = ("--config", "--models", *(f"--{name}" for name in NAMED))


def spelt_out(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--config` read and short names spelt out.

    Raises:
        UserError: a file can't be read, is not a mapping, or has models that are none.
    """
    result, rest = [], list(_separate(arguments))
    while rest:
        word = rest.pop(0)
        if word == "--config" and rest:
            result += ["--config", json.dumps(spelt_out_file(_read(Path(rest.pop(0)))))]
        elif word in ("--task", "--model", "--objective"):
            result.append(f"{word}.name")
        elif word == "--models":
            names = []
            while rest and not rest[0].startswith("--"):
                names.append(rest.pop(0))
            result += [word, json.dumps(read_models(names))]
        else:
            result.append(word)
    return result


def spelt_out_file(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a file with short names spelt out."""
    result = dict(content)
    for key in NAMED:
        if isinstance(result.get(key), str):
            result[key] = {"name": result[key]}
    if "models" in result:
        result["models"] = labelled(result["models"])
    return result


def chosen(arguments: Sequence[str], key: str) -> Any:
    """The value of `task.name`, `model.name` or `models` in arguments that are spelt out; the last one stands."""
    value = None
    for word, after in pairwise(arguments):
        if word == "--config":
            value = _at(json.loads(after), key) or value
        elif word == f"--{key}":
            value = after
    return json.loads(value) if key == "models" and isinstance(value, str) else value


def _at(content: Any, key: str) -> Any:
    for part in key.split("."):
        content = content.get(part) if isinstance(content, Mapping) else None
    return content


def _separate(arguments: Sequence[str]) -> Iterator[str]:
    """`--option=value` as two words for the options that are looked at here."""
    for word in arguments:
        option, equals, value = word.partition("=")
        yield from (option, value) if equals and option in TAKEN_APART else (word,)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"the settings file {path} can't be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"the settings file {path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise UserError(f"the settings file {path} must hold names and values, got {str(content)[:40]!r}")
    return content
