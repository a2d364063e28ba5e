"""torchvision's transforms on small images made by a formula."""

import base64

import torch
from common import encode, write
from PIL import Image
from torchvision import transforms


def pixels(width, height, channels, kind):
    """Bytes of an image: 'noise' is a linear congruence, 'smooth' a ramp with edges."""
    if kind == "noise":
        state, out = 12345, bytearray()
        for _ in range(width * height * channels):
            state = (state * 1103515245 + 12345) % 2**31
            out.append(state >> 16 & 255)
        return bytes(out)
    return bytes((x * 9 + y * 5 * (c + 1) + (120 if (x // 3 + y // 4) % 2 else 0)) % 256 for y in range(height) for x in range(width) for c in range(channels))


def image_of(size, mode, kind):
    width, height = size
    return Image.frombytes(mode, size, pixels(width, height, 3 if mode == "RGB" else 1, kind))


IMAGES = {
    "noise": ((13, 9), "RGB", "noise"),
    "tall": ((7, 16), "RGB", "noise"),
    "smooth": ((24, 20), "RGB", "smooth"),
    "square": ((32, 32), "RGB", "noise"),
    "gray": ((11, 10), "L", "noise"),
    "dot": ((1, 1), "RGB", "noise"),
}


def image_form(image):
    channels = {"RGB": 3, "L": 1}[image.mode]
    return {"width": image.width, "height": image.height, "channels": channels, "data": base64.b64encode(image.tobytes()).decode()}


def main():
    images = {key: image_of(*value) for key, value in IMAGES.items()}
    rows = []

    def add(image, name, args=(), seed=None, passes=1, **kwargs):
        """A transform of one image; a tensor result is stored as it is."""
        made = getattr(transforms, name)(*args, **kwargs)
        if seed is not None:
            torch.manual_seed(seed)
        results = []
        for _ in range(passes):
            result = made(images[image])
            results.append({"tensor": encode(result)} if isinstance(result, torch.Tensor) else {"image": image_form(result)})
        row = {"image": image, "transform": name, "args": encode(list(args)), "kwargs": encode(kwargs), "results": results, "repr": repr(made)}
        if seed is not None:
            row["seed"] = seed
            row["next"] = torch.rand(2).tolist()
        rows.append(row)

    for image in ("noise", "tall", "smooth", "gray"):
        for size in (4, 5, 8, 9, 20, 31, [7], [6, 9], [30, 40], [3, 40], [9, 13]):
            add(image, "Resize", [size])
    add("square", "Resize", [64])
    add("square", "Resize", [56])
    add("square", "Resize", [16])
    add("dot", "Resize", [5])
    add("noise", "Resize", [8], max_size=10)
    add("noise", "Resize", [12], max_size=40)
    add("tall", "Resize", [5], max_size=9)
    add("noise", "Resize", [[6, 9]], antialias=True)
    add("noise", "Resize", [6], antialias=None)
    for image in ("noise", "gray", "smooth"):
        for size in (4, 5, [3, 6], [8, 7], 9, 12, [20, 3]):
            add(image, "CenterCrop", [size])
    for seed in (0, 1, 42):
        add("noise", "RandomCrop", [4], seed=seed, passes=4)
        add("smooth", "RandomCrop", [[8, 5]], seed=seed, passes=4)
        add("square", "RandomCrop", [32], padding=4, seed=seed, passes=3)
        add("noise", "RandomHorizontalFlip", seed=seed, passes=6)
        add("noise", "RandomHorizontalFlip", [0.25], seed=seed, passes=6)
    add("noise", "RandomCrop", [[9, 13]], seed=0, passes=2)
    add("noise", "RandomCrop", [8], padding=[1, 2], seed=3, passes=3)
    add("noise", "RandomCrop", [8], padding=[1, 2, 3, 4], fill=100, seed=3, passes=3)
    add("noise", "RandomCrop", [12], padding=2, fill=[10, 20, 30], seed=3, passes=3)
    add("gray", "RandomCrop", [12], padding=2, fill=77, seed=3, passes=3)
    add("noise", "RandomCrop", [16], pad_if_needed=True, seed=4, passes=3)
    add("noise", "RandomCrop", [[4, 15]], pad_if_needed=True, fill=9, seed=4, passes=3)
    for mode in ("edge", "reflect", "symmetric"):
        add("noise", "RandomCrop", [11], padding=3, padding_mode=mode, seed=5, passes=2)
    add("noise", "RandomHorizontalFlip", [1.0], seed=0)
    add("noise", "RandomHorizontalFlip", [0.0], seed=0)
    for image in ("noise", "gray", "dot"):
        add(image, "ToTensor")
    for image in ("noise", "smooth", "gray"):
        add(image, "Grayscale")
        add(image, "Grayscale", num_output_channels=3)

    normalize = []
    torch.manual_seed(0)
    for shape, mean, std in (([3, 4, 5], [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), ([1, 3, 3], [0.1307], [0.3081]), ([2, 3, 2, 2], [0.5, 0.25, 0.75], [0.5, 0.5, 2.0]), ([3, 2, 2], [0.5], [0.25])):
        x = torch.rand(shape)
        made = transforms.Normalize(mean, std)
        normalize.append({"input": encode(x), "mean": mean, "std": std, "result": encode(made(x)), "repr": repr(made)})

    chains = []
    stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    for image, steps, seed in (
        ("square", [["Resize", [48]], ["ToTensor", []], ["Normalize", list(stats)]], 0),
        ("noise", [["Resize", [10]], ["CenterCrop", [8]], ["ToTensor", []], ["Normalize", list(stats)]], 0),
        ("square", [["RandomCrop", [32, 4]], ["RandomHorizontalFlip", []], ["ToTensor", []], ["Normalize", list(stats)]], 7),
        ("gray", [["Grayscale", [3]], ["Resize", [16]], ["ToTensor", []], ["Normalize", list(stats)]], 0),
        ("gray", [["Resize", [[8, 8]]], ["ToTensor", []]], 0),
        ("smooth", [["RandomHorizontalFlip", [0.75]], ["Resize", [9]], ["RandomCrop", [7]], ["ToTensor", []]], 9),
    ):
        made = transforms.Compose([getattr(transforms, name)(*args) for name, args in steps])
        torch.manual_seed(seed)
        results = [encode(made(images[image])) for _ in range(3)]
        chains.append({"image": image, "steps": steps, "seed": seed, "results": results, "repr": repr(made)})
    write("transforms", {"images": {key: image_form(value) for key, value in images.items()}, "rows": rows, "normalize": normalize, "chains": chains})


if __name__ == "__main__":
    main()
