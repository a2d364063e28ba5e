"""Makes every fixture again: python test/parity/generate/generate.py [area …].

Needs torch 2.14.1 and torchvision 0.29.1. The scripts are seeded, so a second run changes
nothing (rounding in the last bit aside, where the CPU's instruction set differs).
"""

import importlib
import sys
import warnings

AREAS = ["rng", "init", "modules", "optim", "resnet", "transforms", "jpeg", "loader", "printing", "indexing", "serialization", "ops", "profiler", "jit"]


def main():
    warnings.simplefilter("ignore")
    for area in sys.argv[1:] or AREAS:
        importlib.import_module(area).main()


if __name__ == "__main__":
    main()
