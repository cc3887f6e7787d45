"""The races at the six shapes as a picture: each contender's time over that of `nn.LSTM`."""

from pathlib import Path

from holdfast.benchmarks.allocator import KEEPS, USUAL
from holdfast.benchmarks.record import FORWARD, PEAK, TRAINING, Record

BASE = "nn.LSTM"
TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 30)


def draw(record: Record, path: Path) -> bool:
    """Save the picture; False if the record holds no race at the six shapes."""
    from matplotlib.figure import Figure

    drawn = {(task, a): points(record, task, a) for a in (USUAL, KEEPS) for task in (FORWARD, TRAINING)}
    panels = {panel: found for panel, found in drawn.items() if found}
    if not panels:
        return False
    figure = Figure(figsize=(6 * len(panels), 5), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    colours: dict[str, str] = {}
    every = [1.0, *(r for found in panels.values() for ratios in found.values() for r in ratios.values())]
    for panel, ((task, allocator), found) in zip(axes, panels.items(), strict=True):
        workloads = list(dict.fromkeys(workload for ratios in found.values() for workload in ratios))
        for label, ratios in found.items():
            colour = colours.setdefault(label, f"C{len(colours)}")
            places = [workloads.index(workload) for workload in ratios]
            marker = "o" if label.endswith("compiled") else "x"
            panel.plot(places, list(ratios.values()), marker, label=label, color=colour)
        panel.axhline(1, color="grey", linewidth=1)
        panel.set(title=f"{task}, allocator: {allocator}", yscale="log", xlabel="T, B, I, H")
        panel.set_xticks(range(len(workloads)), workloads, rotation=30, ha="right")
        panel.minorticks_off()
        panel.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
        panel.set_ylim(0.9 * min(every), 1.1 * max(every))
        panel.grid(axis="y", alpha=0.3)
    axes[0].set_ylabel(f"time over {BASE}")
    lines = {line.get_label(): line for panel in axes for line in panel.get_lines() if line.get_label() in colours}
    axes[-1].legend(lines.values(), lines, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
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
