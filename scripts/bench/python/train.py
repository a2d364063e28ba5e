"""Twin of programs/train.ts: training steps on one batch that stays."""

import torch
from torch import nn, optim
from torchvision import models

from side import Request, answer, sample

COMPARED = 3


def make_model(name):
    if name == "resnet18":
        return models.resnet18(num_classes=10)
    if name == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )


def main():
    request = Request()
    device, sync = request.setup_torch()
    params = request.params
    torch.manual_seed(0)
    name, size, batch = params["model"], params["size"], params["batch"]
    model = make_model(name)
    channels = 3 if name == "resnet18" else 1
    inputs = torch.randn(batch, channels, size, size).to(device)
    labels = torch.randint(0, 10, (batch,)).to(device)
    model.to(device)
    if params["channelsLast"]:
        model.to(memory_format=torch.channels_last)
        inputs = inputs.to(memory_format=torch.channels_last)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.001, **({"fused": True} if params["fused"] else {}))
    model.train()
    losses = []

    def step():
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        sync()

    samples = sample(params["steps"], params["warmup"], step)
    answer(request, {"step": {"unit": "ms", "samples": samples}}, {"losses": losses[:COMPARED]})


main()
