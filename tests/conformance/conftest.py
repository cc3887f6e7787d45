"""Every check runs over every layer of the catalogue."""

import pytest
import torch

from holdfast import make
from holdfast.layers import CATALOGUE

OPTIONS = {
    "chrono": {"t_max": 20},
    "orthogonal-janet": {"t_max": 20},
    "nru": {"memory_size": 9, "heads": 4},
    "lmu": {"memory_size": 5, "theta": 7.0},
    "gaussian": {"t_max": 7.0},
    "dilated": {"layers": 3},
    "clockwork": {"groups": 2},
    "rhn": {"depth": 2},
    "hm-lstm": {"layers": 2},
}


def options(name):
    """What `make` needs to build the smallest layer of that name."""
    return {option: value for part, given in OPTIONS.items() if part in name for option, value in given.items()}


@pytest.fixture(params=CATALOGUE)
def name(request):
    return request.param


@pytest.fixture
def build(name):
    """Builds the layer with options of `Recurrent`, always with the same parameters: 3 inputs, 6 units, float64.

    In evaluation mode, where those that train with chance are functions too; tests/cells has their chance.
    """

    def layer(input_size=3, hidden_size=6, **given):
        generator = torch.Generator().manual_seed(1)
        made = make(
            name,
            input_size,
            hidden_size,
            generator=generator,
            **{"dtype": torch.float64, "backend": "reference", **options(name), **given},
        )
        return made.eval()

    return layer


@pytest.fixture
def x():
    """Seven steps of four rows."""
    return torch.randn(7, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
