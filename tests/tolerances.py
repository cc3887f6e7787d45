"""How close numbers must be that two routes give: absolute and relative, by dtype."""

import torch

TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-5}


def assert_close(found, expected, dtype=torch.float64, scale=1):
    """Tensors, or nested tuples of them, equal to `scale` times the tolerance of `dtype`."""
    limit = scale * TOLERANCE[dtype]
    torch.testing.assert_close(found, expected, atol=limit, rtol=limit)
