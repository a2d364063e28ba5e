"""The order in which samplers and DataLoader visit a data set, and what they draw for it."""

import torch
from common import encode, write
from PIL import Image
from torch.utils import data
from torchvision import transforms

KINDS = {
    "random": lambda n, g, **o: data.RandomSampler(range(n), generator=g, **o),
    "sequential": lambda n, g, **o: data.SequentialSampler(range(n)),
    "subset": lambda n, g, indices: data.SubsetRandomSampler(indices, generator=g),
    "weighted": lambda n, g, weights, num_samples, **o: data.WeightedRandomSampler(weights, num_samples, generator=g, **o),
}


def sampler_row(kind, n, seed, own=None, **options):
    torch.manual_seed(seed)
    generator = None if own is None else torch.Generator().manual_seed(own)
    sampler = KINDS[kind](n, generator, **options)
    passes = [[int(i) for i in sampler], [int(i) for i in sampler]]
    return {"kind": kind, "n": n, "seed": seed, "own": own, "options": options, "length": len(sampler), "passes": passes, "next": torch.rand(2).tolist()}


def loader_row(n, seed, own=None, sampler=None, workers=0, epochs=2, **options):
    torch.manual_seed(seed)
    generator = None if own is None else torch.Generator().manual_seed(own)
    chosen = {}
    if sampler:
        kind, sampler_options = sampler
        chosen["sampler"] = KINDS[kind](n, None, **sampler_options)
    loader = data.DataLoader(data.TensorDataset(torch.arange(n)), generator=generator, num_workers=workers, **chosen, **options)
    visited = []
    between = []
    for _ in range(epochs):
        visited.append([batch.tolist() for (batch,) in loader])
        between.append(torch.rand(2).tolist())
    row = {"n": n, "seed": seed, "own": own, "sampler": sampler, "options": {**options, "num_workers": workers}, "length": len(loader), "epochs": visited, "between": between}
    row["ownNext"] = None if generator is None else torch.rand(2, generator=generator).tolist()
    return row


def batch_sampler_row(n, seed, batch_size, drop_last):
    torch.manual_seed(seed)
    batches = data.BatchSampler(data.RandomSampler(range(n)), batch_size, drop_last)
    loader = data.DataLoader(data.TensorDataset(torch.arange(n)), batch_sampler=batches)
    visited = [batch.tolist() for (batch,) in loader]
    return {"n": n, "seed": seed, "batchSize": batch_size, "dropLast": drop_last, "length": len(loader), "visited": visited, "next": torch.rand(2).tolist()}


def split_row(n, lengths, seed, own=None):
    torch.manual_seed(seed)
    generator = None if own is None else torch.Generator().manual_seed(own)
    options = {} if own is None else {"generator": generator}
    subsets = data.random_split(range(n), lengths, **options)
    return {"n": n, "lengths": lengths, "seed": seed, "own": own, "subsets": [list(part.indices) for part in subsets], "next": torch.rand(2).tolist()}


def pixels(index):
    """The bytes of sample `index`: 5 rows of 6 RGB pixels."""
    return bytes((index * 37 + i * 11 + i * i) % 256 for i in range(5 * 6 * 3))


class Images(data.Dataset):
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 10

    def __getitem__(self, index):
        return self.transform(Image.frombytes("RGB", (6, 5), pixels(index))), index


def image_row(name, workers, seed, shuffle):
    chain = {
        "flip": [transforms.RandomHorizontalFlip(), transforms.ToTensor()],
        "crop": [transforms.RandomCrop(4, padding=1), transforms.ToTensor()],
        "both": [transforms.RandomCrop(4, padding=2), transforms.RandomHorizontalFlip(0.25), transforms.ToTensor()],
    }[name]
    torch.manual_seed(seed)
    loader = data.DataLoader(Images(transforms.Compose(chain)), batch_size=3, shuffle=shuffle, num_workers=workers)
    epochs = []
    for _ in range(2):
        epochs.append([[encode((images * 255).round().to(torch.uint8)), labels.tolist()] for images, labels in loader])
    return {"chain": name, "workers": workers, "seed": seed, "shuffle": shuffle, "epochs": epochs, "next": torch.rand(2).tolist()}


def main():
    samplers = [
        sampler_row("sequential", 5, 0),
        sampler_row("random", 10, 0),
        sampler_row("random", 10, 42, own=7),
        sampler_row("random", 6, 0, num_samples=15),
        sampler_row("random", 10, 0, num_samples=4),
        sampler_row("random", 5, 1, replacement=True),
        sampler_row("random", 5, 1, replacement=True, num_samples=70),
        sampler_row("random", 5, 1, own=3, replacement=True, num_samples=40),
        sampler_row("subset", 10, 2, indices=[9, 1, 4, 3, 7]),
        sampler_row("subset", 10, 2, own=5, indices=[0, 2, 4, 6, 8]),
        sampler_row("weighted", 4, 3, weights=[0.1, 0.4, 0.25, 0.25], num_samples=12),
        sampler_row("weighted", 4, 3, weights=[0.1, 0.4, 0.25, 0.25], num_samples=3, replacement=False),
        sampler_row("weighted", 4, 3, own=8, weights=[3.0, 1.0, 0.5, 0.5], num_samples=9),
    ]
    loaders = [
        loader_row(10, 0, shuffle=True),
        loader_row(10, 42, shuffle=True, batch_size=4),
        loader_row(10, 42, shuffle=True, batch_size=4, drop_last=True, epochs=4),
        loader_row(100, 1, shuffle=True, batch_size=32, epochs=3),
        loader_row(7, 5, batch_size=3),
        loader_row(7, 5, batch_size=3, shuffle=True, own=11),
        loader_row(7, 5, batch_size=2, own=11),
        loader_row(10, 6, batch_size=3, sampler=("random", {"replacement": True, "num_samples": 8})),
        loader_row(10, 6, batch_size=2, sampler=("weighted", {"weights": [1.0] * 9 + [11.0], "num_samples": 7})),
        loader_row(10, 6, batch_size=2, sampler=("subset", {"indices": [8, 2, 5, 6]})),
        loader_row(10, 7, batch_size=3, shuffle=True, workers=2),
        loader_row(10, 7, batch_size=3, shuffle=True, workers=2, own=13),
    ]
    write(
        "loader",
        {
            "samplers": samplers,
            "loaders": loaders,
            "batchSamplers": [batch_sampler_row(10, 0, 4, False), batch_sampler_row(10, 1, 4, True)],
            "splits": [
                split_row(10, [7, 3], 0),
                split_row(10, [0.7, 0.3], 0),
                split_row(11, [0.5, 0.3, 0.2], 4),
                split_row(10, [2, 3, 5], 0, own=42),
                split_row(5, [5, 0], 1),
            ],
            "images": [image_row(name, workers, 17, shuffle) for name in ("flip", "crop", "both") for workers in (0, 2) for shuffle in (False, True)],
        },
    )


if __name__ == "__main__":
    main()
