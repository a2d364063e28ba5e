"""CIFAR-10's own class over a folder of the same layout with other images: hashes are not those of the archive."""

from torchvision import datasets


class SyntheticCIFAR10(datasets.CIFAR10):
    meta = {**datasets.CIFAR10.meta, "md5": None}

    def _check_integrity(self):
        return True
