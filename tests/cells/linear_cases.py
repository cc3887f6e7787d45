"""The linear recurrences and their neighbours: what each oracle is compared with, as arguments of `Case`."""

from functools import partial

from holdfast.cells import LRU, MLSTM, RGLRU, SLSTM, SRU, MinGRU, MinLSTM, StatisticalRU

UNITS, HEAD = 6, 3  # of SMALL: H, and H / K

GRIFFIN = {"W_value": "weight_ih", "b_value": "bias_ih", "decay": "decay"}
GRIFFIN |= {"W_r": ("weight_gate", 0), "W_i": ("weight_gate", 1)}
GRIFFIN |= {"b_r": ("bias_gate", slice(UNITS)), "b_i": ("bias_gate", slice(UNITS, None))}
ORDER = ("input", "forget", "candidate", "output")
RECURRENT = {f"R_{g}": ("weight_heads", (slice(None), slice(k * HEAD, (k + 1) * HEAD))) for k, g in enumerate(ORDER)}
GATES = {
    f"{kind}_{letter}": (name, slice(4 * UNITS + start, 4 * UNITS + start + 2))
    for kind, name in (("W", "weight_ih"), ("b", "bias"))
    for letter, start in (("i", 0), ("f", 2))
}
PEEPHOLES = {"v_forget": ("peephole", slice(UNITS)), "v_reset": ("peephole", slice(UNITS, None))}
STATISTICS = {"U_statistics": "weight_statistics"}
STATISTICS |= {f"{k}_{m}": f"{name}_{m}" for k, name in (("W", "weight"), ("b", "bias")) for m in ("summary", "output")}

LINEAR = [
    ("min-gru", partial(MinGRU)),
    ("min-gru-log", partial(MinGRU, space="log")),
    ("min-lstm", partial(MinLSTM)),
    ("min-lstm-log", partial(MinLSTM, space="log")),
    (
        "lru",
        partial(LRU, state_size=4),
        {"C_re": "weight_re", "C_im": "weight_im", "nu": "nu", "theta": "theta", "gamma": "gamma"},
    ),
    ("rg-lru", partial(RGLRU, heads=2), GRIFFIN),
    ("slstm", partial(SLSTM, heads=2), RECURRENT),
    ("mlstm", partial(MLSTM, heads=2), GATES),
    ("sru", partial(SRU), PEEPHOLES),
    ("statistical-ru", partial(StatisticalRU, statistics_size=4, summary_size=3, scales=(0.25, 0.9)), STATISTICS),
]
