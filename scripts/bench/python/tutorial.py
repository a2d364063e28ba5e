"""Twin of programs/tutorial.ts: the tutorial in plain PyTorch, and what the run leaves behind."""

import json
import os
import time

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Subset
from torchvision import models, transforms, utils

from side import Request, answer
from synthetic_cifar import SyntheticCIFAR10


def tutorial(root, out, train_limit, test_limit, device, batch_size=32, seed=0, log_every=100):
    transform = transforms.Compose(
        [
            transforms.Resize(224),
            transforms.ToTensor(),
            transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    train_dataset = SyntheticCIFAR10(root, train=True, transform=transform)
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=True)
    test_dataset = Subset(SyntheticCIFAR10(root, train=False, transform=transform), range(test_limit))
    test_loader = DataLoader(test_dataset, batch_size=batch_size, shuffle=False)
    steps = -(-train_limit // batch_size)

    torch.manual_seed(seed)
    model = models.resnet18()
    torch.manual_seed(seed)
    model.fc = nn.Linear(model.fc.in_features, len(train_dataset.classes))
    model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.001)

    losses = []
    running_loss = 0.0
    model.train()
    for i, batch in enumerate(train_loader, 1):
        left = train_limit - (i - 1) * batch_size
        inputs, labels = [t[:left].to(device) for t in batch]
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        running_loss += losses[-1]
        if i % log_every == 0:
            print(f"Epoch [1/1], Step [{i}/{steps}], Loss: {running_loss / log_every:.4f}")
            running_loss = 0.0
        if i == steps:
            break
    print("Finished Training")

    model.eval()
    correct = total = 0
    with torch.no_grad():
        for batch in test_loader:
            inputs, labels = [t.to(device) for t in batch]
            _, predicted = torch.max(model(inputs).data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    accuracy = 100 * correct / total
    print(f"Accuracy of the model on the test images: {accuracy:.2f}%")

    images, _ = next(iter(test_loader))
    utils.save_image(utils.make_grid(images, normalize=True), os.path.join(out, "predictions.png"))
    with open(os.path.join(out, "metrics.json"), "w") as file:
        json.dump({"losses": losses, "accuracy": accuracy}, file)
    torch.save(model.state_dict(), os.path.join(out, "model.pth"))
    return losses


def main():
    request = Request()
    device, _ = request.setup_torch()
    begin = time.perf_counter()
    root = os.path.join(request.inputs, "cifar")
    losses = tutorial(root, request.work, request.params["train"], request.params["test"], device)
    elapsed = (time.perf_counter() - begin) * 1000
    answer(request, {"whole": {"unit": "ms", "samples": [elapsed]}}, {"losses": losses[:3]})


main()
