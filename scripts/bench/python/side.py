"""What every Python side shares: the request it reads, the line it answers with. Loads no torch by itself."""

import json
import math
import platform
import re
import sys
import time


class Request:
    """What the suite asks of a side, as JSON in the first argument."""

    def __init__(self):
        given = json.loads(sys.argv[1])
        self.threads = given["threads"]
        self.device = given["device"]
        self.started_at = given["startedAt"]  # ms since 1970
        self.inputs = given["inputs"]
        self.work = given["work"]
        self.params = given["params"]

    def setup_torch(self):
        """Threads and device as asked; gives the device and a function that waits for it."""
        import torch

        torch.set_num_threads(self.threads)
        if self.device == "cpu":
            return torch.device("cpu"), lambda: None
        return torch.device("cuda:0"), torch.cuda.synchronize


def peak_memory():
    """Highest resident memory of this process in bytes."""
    with open("/proc/self/status") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.M).group(1)) * 1024


def fingerprint(tensor):
    """Sum and sum of magnitudes, in double precision."""
    wide = tensor.detach().cpu().double()
    return [wide.sum().item(), wide.abs().sum().item()]


def sample(count, warmup, body):
    """Milliseconds that each of `count` runs takes, after `warmup` runs."""
    samples = []
    for i in range(-warmup, count):
        begin = time.perf_counter()
        body()
        elapsed = time.perf_counter() - begin
        if i >= 0:
            samples.append(elapsed * 1000)
    return samples


def answer(request, metrics, results):
    """Prints the answer as the last line."""
    import torch

    finite = {name: [x if math.isfinite(x) else None for x in values] for name, values in results.items()}
    line = {
        "metrics": metrics,
        "results": finite,
        "peakBytes": peak_memory(),
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
    }
    if request.device == "cuda":
        line["peakDeviceBytes"] = torch.cuda.max_memory_allocated()
    print("\n" + json.dumps(line), flush=True)
