"""`holdfast explain`: a model of the catalogue, told from its parts."""

from collections.abc import Mapping, Sequence
from inspect import Parameter
from typing import Any

from holdfast.citations import reference
from holdfast.cli.build import HIDDEN_SIZE, entry_of
from holdfast.cli.parser import Parser
from holdfast.layers import Entry, Recurrent

STAND_IN = 100.0
"""For an option without a default, such as the longest lag; neither shapes nor the backend depend on it."""


def main(arguments: Sequence[str]) -> int:
    """Prints what a model is, where it comes from, how large it is, and what runs it."""
    parser = Parser("explain", "MODEL [options]", "Shows a model's equations, source, parameters and backend.")
    parser.add_argument("model", type=str, help="a name of the catalogue")
    parser.add_argument("--input_size", type=int, default=10, help="features of an input step")
    parser.add_argument("--hidden_size", type=int, default=HIDDEN_SIZE, help="units")
    values = parser.parse_args(arguments)
    entry = entry_of(values.model)
    layer = entry.build(values.input_size, values.hidden_size, **dict.fromkeys(entry.required(), STAND_IN))
    print("\n\n".join(paragraphs(entry, layer)))
    return 0


def paragraphs(entry: Entry, layer: Recurrent) -> list[str]:
    """The explanation, part by part."""
    return [
        f"{entry.name}: {entry.summary}",
        *(f"{name}\n{indented(about(text))}" for name, text in entry.parts().items()),
        f"sources\n{indented(sources(entry))}",
        f"options of its own\n{indented(options(entry.cell_options() | entry.initialiser_options()))}",
        f"parameters with {layer.input_size} features and {layer.hidden_size} units\n{indented(parameters(layer))}",
        f"how it runs here\n{indented(str(layer.explain()))}",
    ]


def about(docstring: str) -> str:
    """The idea and the equations: what stands before the arguments."""
    return docstring.split("\nArgs:")[0].split("\nSource:")[0].split("\nRaises:")[0].strip()


def sources(entry: Entry) -> str:
    """Who is to be cited; `holdfast cite` has the whole entries."""
    found = map(reference, entry.sources)
    return "\n".join(f"{source.short}, “{source.title}”, {source.venue}" for source in found)


def options(parameters: Mapping[str, Parameter]) -> str:
    """Names and defaults of the options that other models may not have."""
    shown = (f"{name} ({_default(parameter)})" for name, parameter in parameters.items())
    return ", ".join(shown) or "none"


def parameters(layer: Recurrent) -> str:
    """Each with its shape, and how many numbers they are."""
    named = [f"{name} {' x '.join(map(str, value.shape))}" for name, value in layer.named_parameters()]
    total = sum(value.numel() for value in layer.parameters())
    return "\n".join([*named, f"{total:,} numbers"])


def indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _default(parameter: Parameter) -> Any:
    return "to be given" if parameter.default is parameter.empty else parameter.default
