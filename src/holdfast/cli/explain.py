"""`holdfast explain`: a model of the catalogue, told from its parts."""

from collections.abc import Mapping, Sequence
from inspect import Parameter
from typing import Any

from torch import nn

from holdfast.cli.build import HIDDEN_SIZE, TORCHS_OWN, Named, entry_of, model_named
from holdfast.cli.described import about, published, sources, start, states
from holdfast.cli.errors import UserError
from holdfast.cli.options import model_help
from holdfast.cli.parser import Parser, add_options, is_plain
from holdfast.layers import Entry
from holdfast.models import CausalRival, Rival, embedding

STAND_IN = 100
"""For an option without a default, such as the longest lag; neither shapes nor the backend depend on it."""

SIZES = {
    "input_size": Parameter("input_size", Parameter.KEYWORD_ONLY, default=10, annotation=int),
    "hidden_size": Parameter("hidden_size", Parameter.KEYWORD_ONLY, default=HIDDEN_SIZE, annotation=int),
}
BATCH = {
    "steps": Parameter("steps", Parameter.KEYWORD_ONLY, default=1000, annotation=int),
    "batch_size": Parameter("batch_size", Parameter.KEYWORD_ONLY, default=32, annotation=int),
}
HELP = {
    "input_size": "features of an input step",
    "hidden_size": "units",
    "steps": "of the sequences whose memory is told",
    "batch_size": "how many of them there are",
}


def main(arguments: Sequence[str]) -> int:
    """Prints what a model is, where it comes from, how large it is, and what runs it."""
    name = named(arguments)
    if name is None and not {"-h", "--help"} & set(arguments):
        raise UserError("no model was named (`holdfast list models` shows them)")
    about = "Shows a model's equations, source, parameters, backend and memory. Its options are shown once it is named."
    parser = Parser("explain", "MODEL [options]", about)
    parser.add_argument("model", type=str, help="a name of the catalogue")
    add_options(parser, "", "sizes", SIZES | BATCH, HELP)
    own = options_of(entry_of(name)) if name else {}
    if name:
        add_options(parser, "", f"model {name}", own, model_help(entry_of(name)))
    values = parser.parse_args(arguments).as_dict()
    for size in (*SIZES, *BATCH):
        if values[size] < 1:
            raise UserError(f"--{size} must be at least 1, got {values[size]}")
    entry = entry_of(values["model"])
    chosen = {key: values[key] for key in own}
    told = told_of_layer if isinstance(entry, Entry) else told_of_rival
    print("\n\n".join(told(entry, chosen, values)))  # pyright: ignore[reportArgumentType]
    return 0


def named(arguments: Sequence[str]) -> str | None:
    """The model that is named: a word that is in the catalogue; else the first one that is no option, if there is."""
    words = [word for word in arguments if not word.startswith("-")]
    return next((word for word in words if model_named(word)), next(iter(words), None))


def options_of(entry: Named) -> dict[str, Parameter]:
    """What the model can be told; what it must be told has a stand-in."""
    found = {name: option for name, option in entry.options().items() if name != "batch_first"}
    stand_ins = {name: found[name].replace(default=STAND_IN) for name in entry.required()}
    return {name: option for name, option in (found | stand_ins).items() if is_plain(option.annotation)}


def told_of_layer(entry: Entry, own: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The explanation of a recurrent layer, part by part.

    Args:
        entry: of the catalogue.
        own: its options.
        values: the sizes.
    """
    layer = entry.build(values["input_size"], values["hidden_size"], **own)
    x = next(layer.parameters()).new_zeros(values["steps"], values["batch_size"], layer.input_size)
    options = entry.cell_options() | entry.initialiser_options()
    runs = f"how it runs here, with {len(x)} steps of {x.shape[1]} sequences\n{indented(str(layer.explain(x)))}"
    held = f"states, the output first\n{indented(states(layer))}"
    return [*paragraphs(entry, options, layer, values), held, runs]


def told_of_rival(rival: Rival | CausalRival, own: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The explanation of a network that is no recurrence; one of attention always has an embedding."""
    features, width = values["input_size"], values["hidden_size"]
    if isinstance(rival, CausalRival):
        network = rival.build(features, width, **own)
    else:
        encoder = rival.build(width, **own)
        network = nn.ModuleDict({"embedding": embedding("continuous", features, width), "encoder": encoder})
    runs = f"how it runs here\n{indented(f'backend {TORCHS_OWN}')}"
    return [*paragraphs(rival, rival.options(), network, values), runs]


def paragraphs(entry: Named, own: Mapping[str, Parameter], network: nn.Module, values: Mapping[str, Any]) -> list[str]:
    """What there is to say of every model."""
    sizes = f"{values['input_size']} features and {values['hidden_size']} units"
    return [
        f"{entry.name}: {entry.summary}",
        *(f"{name}\n{indented(about(text))}" for name, text in entry.parts().items()),
        f"starting values\n{indented(start(entry))}",
        f"sources\n{indented(sources(entry))}",
        f"published\n{indented(published(entry))}",
        f"options of its own\n{indented(options(own))}",
        f"parameters with {sizes}\n{indented(parameters(network))}",
    ]


def options(parameters: Mapping[str, Parameter]) -> str:
    """Names and defaults of the options that other models may not have."""
    shown = (f"{name} ({_default(parameter)})" for name, parameter in parameters.items())
    return ", ".join(shown) or "none"


def parameters(network: nn.Module) -> str:
    """Each with its shape, and how many numbers they are."""
    named = [f"{name} {' x '.join(map(str, value.shape))}" for name, value in network.named_parameters()]
    total = sum(value.numel() for value in network.parameters())
    return "\n".join([*named, f"{total:,} numbers"])


def indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _default(parameter: Parameter) -> Any:
    return "to be given" if parameter.default is parameter.empty else parameter.default
