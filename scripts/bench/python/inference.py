"""Twin of programs/inference.ts: the model as it is, in inference mode."""

import os

import numpy
import torch
from torchvision import models

from side import Request, answer, fingerprint, sample


def main():
    request = Request()
    device, sync = request.setup_torch()
    params = request.params
    folder = os.path.join(request.inputs, "resnet18")
    shape = (params["batch"], 3, 224, 224)
    values = numpy.fromfile(os.path.join(folder, "images.bin"), dtype="<f4", count=int(numpy.prod(shape)))
    images = torch.from_numpy(values).reshape(shape).to(device)
    model = models.resnet18()
    model.load_state_dict(torch.load(os.path.join(folder, "model.pth")))
    model.to(device).eval()
    logits = None

    def forward():
        nonlocal logits
        logits = model(images)
        sync()

    with torch.inference_mode():
        samples = sample(params["samples"], params["warmup"], forward)
    results = {"logits": fingerprint(logits), "first": logits[0, :8].tolist()}
    answer(request, {"forward": {"unit": "ms", "samples": samples}}, results)


main()
