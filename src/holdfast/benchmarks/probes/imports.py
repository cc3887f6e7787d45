"""Seconds to import torch, and then holdfast with what makes a layer."""

import json
import time

begin = time.perf_counter()
import torch  # noqa: E402, F401

middle = time.perf_counter()
import holdfast  # noqa: E402

holdfast.make  # noqa: B018  (names are imported when they are first used)
end = time.perf_counter()
print(json.dumps({"torch": middle - begin, "holdfast": end - middle}))
