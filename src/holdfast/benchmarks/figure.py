"""The races at the six shapes as a picture: each contender's time over that of `nn.LSTM`."""

from pathlib import Path

from holdfast.benchmarks.allocator import KEEPS, USUAL
from holdfast.benchmarks.record import FORWARD, PEAK, TRAINING, Record

BASE = "nn.LSTM"


def draw(record: Record, path: Path) -> bool:
    """Save the picture; False if the record holds no race at the six shapes."""
    from matplotlib.figure import Figure

    panels = [(task, a) for a in (USUAL, KEEPS) for task in (FORWARD, TRAINING) if points(record, task, a)]
    if not panels:
        return False
    figure = Figure(figsize=(6 * len(panels), 5), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    colours: dict[str, str] = {}
    for panel, (task, allocator) in zip(axes, panels, strict=True):
        found = points(record, task, allocator)
        workloads = list(dict.fromkeys(workload for ratios in found.values() for workload in ratios))
        for label, ratios in found.items():
            colour = colours.setdefault(label, f"C{len(colours)}")
            places = [workloads.index(workload) for workload in ratios]
            marker = "o" if label.endswith("compiled") else "x"
            panel.plot(places, list(ratios.values()), marker, label=label, color=colour)
        panel.axhline(1, color="grey", linewidth=1)
        panel.set(title=f"{task}, allocator: {allocator}", yscale="log", xlabel="T, B, I, H")
        panel.set_xticks(range(len(workloads)), workloads, rotation=30, ha="right")
        panel.grid(axis="y", which="both", alpha=0.3)
    axes[0].set_ylabel(f"time over {BASE}")
    axes[-1].legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path)
    return True


def points(record: Record, task: str, allocator: str) -> dict[str, dict[str, float]]:
    """By contender and workload, the time over that of the base."""
    found: dict[str, dict[str, float]] = {}
    for (section, workload, *rest), timings in record.races():
        if section != "shapes" or rest != [task, allocator]:
            continue
        for label in (timing.label for timing in timings if timing.label not in (PEAK, BASE)):
            ratio = record.ratio("shapes", workload, (label, BASE), task, allocator)
            if ratio:
                found.setdefault(label, {})[workload] = ratio.median
    return found
