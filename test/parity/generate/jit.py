"""TorchScript archives: a traced network, and a scripted function of dicts, numbers and branches."""

import os
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import nn

import common


class Extremes(NamedTuple):
    low: torch.Tensor
    high: torch.Tensor


class Scripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([2.0, 3.0]))
        self.register_buffer("offset", torch.tensor([0.5, 0.25]))

    def forward(self, x: torch.Tensor, times: int = 1, names: Optional[List[str]] = None) -> Tuple[Dict[str, torch.Tensor], Extremes, int]:
        for _ in range(times):
            if x.sum() > 0:
                x = x * self.scale
            else:
                x = x + self.offset
        found: Dict[str, torch.Tensor] = {"x": x}
        if names is not None:
            for name in names:
                found[name] = x + len(name)
        return found, Extremes(x.min(), x.max()), times


def main():
    torch.manual_seed(0)
    folder = os.path.join(common.ROOT, "jit")
    os.makedirs(folder, exist_ok=True)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 5))
    network(torch.randn(8, 3, 6, 6))
    network.eval()
    x = torch.randn(2, 3, 6, 6)
    torch.jit.save(torch.jit.trace(network, x), os.path.join(folder, "traced.pt"))
    scripted = torch.jit.script(Scripted())
    torch.jit.save(scripted, os.path.join(folder, "scripted.pt"))
    found, extremes, times = scripted(torch.tensor([1.0, -0.5]), 2, ["ab", "c"])
    common.write("jit", common.encode({
        "x": x,
        "traced": network(x).detach(),
        "keys": list(network.state_dict()),
        "found": {key: value.detach() for key, value in found.items()},
        "extremes": [extremes.low.detach(), extremes.high.detach()],
        "times": times,
    }))
