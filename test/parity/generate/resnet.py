"""ResNet-18 from a seed: logits, and the losses of short trainings."""

import torch
from common import encode, write
from torch import nn, optim
from torchvision import models


def batch(size):
    torch.manual_seed(1)
    return torch.randn(size, 3, 64, 64), torch.randint(10, [size])


def logits():
    inputs, _ = batch(2)
    torch.manual_seed(0)
    model = models.resnet18(num_classes=10)
    model.eval()
    with torch.no_grad():
        evaluated = model(inputs)
    model.train()
    trained = model(inputs)
    model.eval()
    with torch.no_grad():
        after = model(inputs)
    return {"eval": encode(evaluated), "train": encode(trained.detach()), "evalAfter": encode(after), "tracked": model.bn1.num_batches_tracked.item()}


def training(make):
    inputs, labels = batch(4)
    torch.manual_seed(0)
    model = models.resnet18()
    model.fc = nn.Linear(model.fc.in_features, 10)
    model.train()
    optimizer = make(model.parameters())
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    inputs, labels = batch(4)
    write(
        "resnet",
        {
            "logits": logits(),
            "batch": {"sum": inputs.double().sum().item(), "labels": labels.tolist()},
            "adam": training(lambda p: optim.Adam(p, lr=0.001)),
            "sgd": training(lambda p: optim.SGD(p, lr=0.01, momentum=0.9)),
        },
    )


if __name__ == "__main__":
    main()
