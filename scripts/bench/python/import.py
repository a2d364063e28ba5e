"""Twin of programs/import.ts: from the start of the process to the first tensor."""

import time

import torch

first = torch.zeros(1)
torch_alone = time.time() * 1000

import torchvision  # noqa: E402, F401

both = time.time() * 1000

from side import Request, answer  # noqa: E402

request = Request()
answer(
    request,
    {
        "both": {"unit": "ms", "samples": [both - request.started_at]},
        "torch": {"unit": "ms", "samples": [torch_alone - request.started_at]},
    },
    {"first": first.tolist()},
)
