"""Makes the files that both sides read: `python prepare.py NAME FOLDER [OTHER FOLDER]`. Seeded."""

import os
import pickle
import struct
import sys

import numpy
from PIL import Image

CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def smooth_noise(random, height, width):
    """An image with large shapes, edges and grain, so that resampling and JPEG meet what photographs have."""
    total = numpy.zeros((height, width, 3))
    for cells, weight in ((3, 90.0), (9, 50.0), (30, 25.0), (90, 12.0)):
        coarse = random.uniform(-1, 1, (cells, cells, 3)).astype(numpy.float32)
        for channel in range(3):
            layer = Image.fromarray(coarse[..., channel]).resize((width, height), Image.BICUBIC)
            total[..., channel] += weight * numpy.asarray(layer)
    total += random.normal(0, 4, total.shape)
    return numpy.clip(total + 128, 0, 255).astype(numpy.uint8)


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings: the archive of CIFAR-10 comes from there."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, data):
        self.write(pickle.BINSTRING + struct.pack("<I", len(data)) + data)
        self.memoize(data)

    dispatch[bytes] = save_bytes


def cifar(folder):
    """CIFAR-10's layout of Python batches: 5 × 2,000 images to train on, 2,000 to test on."""
    random = numpy.random.default_rng(1)
    root = os.path.join(folder, "cifar-10-batches-py")
    os.makedirs(root)
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        images = numpy.stack([smooth_noise(random, 32, 32) for _ in range(2000)])
        batch = {
            "batch_label": name,
            "labels": random.integers(0, 10, 2000).tolist(),
            "data": images.transpose(0, 3, 1, 2).reshape(2000, 3072),
            "filenames": [f"{name}_{i}.png" for i in range(2000)],
        }
        with open(os.path.join(root, name), "wb") as file:
            Python2Pickler(file, protocol=2).dump(batch)
    with open(os.path.join(root, "batches.meta"), "wb") as file:
        pickle.dump({"num_cases_per_batch": 2000, "label_names": CLASSES, "num_vis": 3072}, file, protocol=2)


def jpeg(folder):
    """A folder of four classes with 64 photographs each, about 500 × 375 as in ImageNet."""
    random = numpy.random.default_rng(2)
    for label in ("apple", "boat", "chair", "dune"):
        os.makedirs(os.path.join(folder, label))
        for i in range(64):
            width, height = (500, 375) if i % 3 else (375, 500)
            image = Image.fromarray(smooth_noise(random, height, width))
            image.save(os.path.join(folder, label, f"{i:03}.jpg"), quality=90)


def resnet18(folder):
    """A ResNet-18 whose batch normalisation has seen data, and 32 images."""
    import torch
    from torchvision import models

    torch.manual_seed(3)
    model = models.resnet18()
    images = torch.randn(32, 3, 224, 224)
    model.train()
    with torch.no_grad():
        for _ in range(5):
            model(torch.randn(8, 3, 224, 224) * 1.2 + 0.1)
    os.makedirs(folder)
    torch.save(model.state_dict(), os.path.join(folder, "model.pth"))
    images.numpy().astype("<f4").tofile(os.path.join(folder, "images.bin"))


def resnet18_onnx(folder, source):
    """The same model for onnxruntime, for each batch size."""
    import torch
    from torchvision import models

    model = models.resnet18()
    model.load_state_dict(torch.load(os.path.join(source, "model.pth")))
    model.eval()
    os.makedirs(folder)
    for batch in (1, 32):
        torch.onnx.export(
            model,
            (torch.zeros(batch, 3, 224, 224),),
            os.path.join(folder, f"batch-{batch}.onnx"),
            input_names=["images"],
            output_names=["logits"],
            dynamo=True,
            external_data=False,
            verbose=False,
        )


if __name__ == "__main__":
    makers = {"cifar": cifar, "jpeg": jpeg, "resnet18": resnet18, "resnet18-onnx": resnet18_onnx}
    makers[sys.argv[1]](*sys.argv[2:])
