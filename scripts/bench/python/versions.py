"""Prints what this Python has, as JSON: asked once before anything is measured."""

import importlib.util
import json
import platform

import torch
import torchvision

print(
    json.dumps(
        {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "config": torch.__config__.show(),
            "onnx": all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript")),
            "cuda": torch.cuda.is_available(),
        }
    )
)
