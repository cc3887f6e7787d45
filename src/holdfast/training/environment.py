"""Where and when a run took place."""

import os
import platform
from datetime import UTC, datetime
from typing import Any

import torch

import holdfast


def environment(device: torch.device | None = None) -> dict[str, Any]:
    """Versions, machine and time, as they stand in environment.json.

    Args:
        device: that trains; None where it does not matter.
    """
    return {
        "holdfast": holdfast.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        **({} if device is None else _device(device)),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _device(device: torch.device) -> dict[str, str]:
    """What it is, and the name of a GPU; that of a processor stands there in any case."""
    name = {"device_name": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}
    return {"device": device.type, **name}


def _processor() -> str:
    """The processor's name; Python itself knows it on few systems."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
