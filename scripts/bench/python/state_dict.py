"""Twin of programs/state-dict.ts: a state dict of 45 MB into a ResNet-18, and back into a file."""

import os

import torch
from torchvision import models

from side import Request, answer, fingerprint, sample


def checksum(state):
    return [fingerprint(tensor)[1] for tensor in state.values()]


def main():
    request = Request()
    device, sync = request.setup_torch()
    count, warmup = request.params["samples"], request.params["warmup"]
    source = os.path.join(request.inputs, "resnet18", "model.pth")
    copy = os.path.join(request.work, "copy.pth")
    model = models.resnet18()
    model.to(device)

    def load():
        model.load_state_dict(torch.load(source))
        sync()

    loaded = sample(count, warmup, load)
    saved = sample(count, warmup, lambda: torch.save(model.state_dict(), copy))
    answer(
        request,
        {"load": {"unit": "ms", "samples": loaded}, "save": {"unit": "ms", "samples": saved}},
        {"loaded": checksum(model.state_dict()), "saved": checksum(torch.load(copy, map_location="cpu"))},
    )


main()
