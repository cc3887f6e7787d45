"""Which pieces of a sequence an auxiliary loss is about: anchors, and a segment for each, drawn at random.

Places count steps: the state at anchor a is the one after a steps, and the segment of start s and length l holds the
tokens s + 1 to s + l + 1, of which the first is given and l are to be said.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Placement = Literal["immediate past", "random past", "past and future", "following"]
"""Where a segment lies, seen from its anchor.

immediate past: it ends with the anchor's token;
random past: anywhere before, up to the anchor's token;
past and future: it begins with the anchor's token or before, and may run past it;
following: it begins with the anchor's token.
"""
Sharing = Literal["sequence", "batch"]


@dataclass(frozen=True, eq=False)
class Segments:
    """Anchors and segments of a batch, n of each for every sequence.

    Args:
        anchors: (B, n) int64 in 1..T of each sequence.
        starts: (B, n) int64, the tokens before each segment.
        lengths: (B, n) int64, the tokens to be said of each; 0 for a sequence of a single token.
    """

    anchors: Tensor
    starts: Tensor
    lengths: Tensor


def draw_segments(
    ends: Tensor,
    *,
    number: int,
    length: int,
    placement: Placement,
    each: Sharing = "sequence",
    generator: torch.Generator | None = None,
) -> Segments:
    """Draws anchors and segments uniformly from all that lie within their sequence.

        l = min(length, T - 1)
        immediate past     a ~ U{l + 1..T}      s = a - l - 1
        random past        a ~ U{l + 1..T}      s ~ U{0..a - l - 1}
        past and future    a ~ U{1..T}          s ~ U{0..min(a, T - l) - 1}
        following          a ~ U{1..T - l}      s = a - 1

    Args:
        ends: (B,) int64, T of each sequence.
        number: n, segments of each sequence.
        length: tokens of a segment to be said; fewer where the sequence is too short.
        placement: where a segment lies, seen from its anchor.
        each: what gets a draw of its own: every sequence, or every batch; then sequences of one length share their
            anchors and segments.
        generator: on the CPU; torch's global one unless given.

    Source: trinh2018learning; the paper gives no ranges.
    """
    rows = len(ends) if each == "sequence" else 1
    chance = torch.rand(2, rows, number, generator=generator, dtype=torch.float64).to(ends.device)
    ends = ends.unsqueeze(1).expand(-1, number)
    lengths = (ends - 1).clamp(max=length)
    first, last = torch.ones_like(ends), ends
    if placement in ("immediate past", "random past"):
        first = lengths + 1
    elif placement == "following":
        last = ends - lengths
    anchors = _uniform(chance[0], first, last)
    if placement == "following":
        starts = anchors - 1
    elif placement == "immediate past":
        starts = anchors - lengths - 1
    else:
        latest = anchors - lengths if placement == "random past" else torch.minimum(anchors, ends - lengths)
        starts = _uniform(chance[1], torch.zeros_like(latest), latest - 1)
    return Segments(anchors, starts, lengths)


def _uniform(chance: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Chances in [0, 1) as whole numbers in first..last."""
    drawn = first + (chance * (last - first + 1)).long()
    return torch.minimum(drawn, last)
