"""ResNet-18 from a seed: logits, and the losses of short trainings.

Training magnifies the rounding of float32, which differs with the CPU's instruction set and the
number of threads (Python's own losses differ by 2 % after ten steps of SGD). So
the exact comparison is of float64 training from uniform weights (equal on every CPU), and the
float32 one from the model's own weights is compared loosely by the test.
"""

import torch
from common import encode, write
from torch import nn, optim
from torchvision import models


def batch(size):
    torch.manual_seed(1)
    return torch.rand(size, 3, 64, 64)


def logits():
    inputs = batch(2)
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


def uniform_weights(model):
    """Weights that are equal on every CPU: uniform, with the variance 2 / fan-in."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                fan = parameter.numel() // parameter.shape[0]
                parameter.copy_(torch.rand_like(parameter).sub(0.5).mul((24 / fan) ** 0.5))


def training(make, dtype):
    torch.manual_seed(1)
    inputs = torch.rand(4, 3, 64, 64)
    labels = torch.randint(10, [4])
    torch.manual_seed(0)
    model = models.resnet18()
    model.fc = nn.Linear(model.fc.in_features, 10)
    if dtype == torch.float64:
        uniform_weights(model)
    model.to(dtype)
    model.train()
    optimizer = make(model.parameters())
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = criterion(model(inputs.to(dtype)), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    runs = []
    for dtype in (torch.float32, torch.float64):
        runs.append({"name": "adam", "dtype": encode(dtype), "losses": training(lambda p: optim.Adam(p, lr=0.001), dtype)})
        runs.append({"name": "sgd", "dtype": encode(dtype), "losses": training(lambda p: optim.SGD(p, lr=0.01, momentum=0.9), dtype)})
    write("resnet", {"logits": logits(), "runs": runs})


if __name__ == "__main__":
    main()
