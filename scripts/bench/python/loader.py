"""Twin of programs/loader.ts: passes of a DataLoader over images."""

import os
import time

import torch
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from side import Request, answer, fingerprint
from synthetic_cifar import SyntheticCIFAR10

NORMALIZE = transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])


def open_dataset(kind, root):
    if kind == "cifar":
        transform = transforms.Compose([transforms.Resize(224), transforms.ToTensor(), NORMALIZE])
        return SyntheticCIFAR10(os.path.join(root, "cifar"), train=True, transform=transform)
    transform = transforms.Compose(
        [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.ToTensor(), NORMALIZE]
    )
    return datasets.ImageFolder(os.path.join(root, "jpeg"), transform=transform)


def main():
    request = Request()
    request.setup_torch()
    params = request.params
    dataset = open_dataset(params["dataset"], request.inputs)

    def loader(workers):
        return DataLoader(dataset, batch_size=32, shuffle=True, num_workers=workers)

    torch.manual_seed(0)
    images, labels = next(iter(loader(0)))
    results = {
        "labels": labels.tolist(),
        "pixels": fingerprint(images),
        "corner": images[:, 0, 0, 0].tolist(),
    }

    timed = loader(params["workers"])
    samples = []
    for i in range(-1, params["passes"]):
        begin = time.perf_counter()
        seen = 0
        for images, _ in timed:
            seen += images.size(0)
            if seen >= params["limit"]:
                break
        seconds = time.perf_counter() - begin
        if i >= 0:
            samples.append(seen / seconds)
    answer(request, {"images": {"unit": "images/s", "samples": samples}}, results)


if __name__ == "__main__":
    main()
