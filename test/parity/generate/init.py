"""Initial weights: every function of nn.init, the modules' own, and whole ResNets."""

import torch
from common import Case, encode, write
from torch import nn
from torchvision import models

MODULES = [
    ("Linear", [7, 5], {}),
    ("Linear", [3, 4], {"bias": False}),
    ("Linear", [20, 16], {"dtype": torch.float64}),
    ("Conv2d", [3, 8, 3], {}),
    ("Conv2d", [4, 6, [1, 3]], {"groups": 2, "bias": False}),
    ("Conv2d", [2, 4, 5], {"stride": 2, "padding": 1}),
    ("BatchNorm2d", [6], {}),
]


def resnet(name, seed):
    torch.manual_seed(seed)
    model = getattr(models, name)()
    rows = []
    for key, value in model.state_dict().items():
        flat = value.double().flatten()
        rows.append([key, list(value.shape), flat.sum().item(), flat.abs().sum().item(), flat[:3].tolist()])
    return {"name": name, "seed": seed, "entries": rows, "parameters": [key for key, _ in model.named_parameters()], "next": torch.rand(2).tolist()}


def main():
    cases = []

    def case(fn, *args, shape=(5, 4), dtype=torch.float32, seed=0, **kwargs):
        c = Case(f"{fn} {list(shape)} {list(args)} {kwargs}", seed)
        c.call(f"torch.nn.init.{fn}", torch.full(shape, -1.5, dtype=dtype), *args, **kwargs)
        c.call("torch.rand", 1)
        cases.append(c.data)

    for shape in ((5, 4), (4, 3, 3, 3), (2, 6, 5)):
        for fn in ("xavier_uniform_", "xavier_normal_"):
            case(fn, shape=shape)
            case(fn, 1.5, shape=shape, seed=42)
            case(fn, shape=shape, gain=0.5)
        for fn in ("kaiming_uniform_", "kaiming_normal_"):
            case(fn, shape=shape)
            case(fn, mode="fan_out", nonlinearity="relu", shape=shape)
            case(fn, a=0.25, shape=shape, seed=42)
            case(fn, a=0.25, mode="fan_in", nonlinearity="tanh", shape=shape)
        case("uniform_", shape=shape)
        case("uniform_", -2.5, 2.5, shape=shape)
        case("normal_", shape=shape)
        case("normal_", 0.5, 0.125, shape=shape, seed=42)
        case("trunc_normal_", shape=shape)
        case("trunc_normal_", std=0.02, shape=shape)
        case("trunc_normal_", 0.5, 2.5, -1.5, 1.5, shape=shape, seed=42)
    case("kaiming_uniform_", shape=(5, 4), dtype=torch.float64)
    case("orthogonal_", shape=(4, 4))
    case("orthogonal_", shape=(6, 3), seed=42)
    case("orthogonal_", shape=(3, 6), gain=1.5)
    case("orthogonal_", shape=(4, 2, 2, 2))
    for shape in ((4,), (2, 3)):
        case("constant_", 0.5, shape=shape)
        case("zeros_", shape=shape)
        case("ones_", shape=shape)
    case("eye_", shape=(3, 3))
    case("eye_", shape=(3, 5))
    case("dirac_", shape=(3, 3, 3))
    case("dirac_", shape=(4, 2, 3, 3))
    case("dirac_", 2, shape=(4, 2, 3, 3))
    case("dirac_", shape=(2, 2, 3, 3, 3))
    case("sparse_", 0.5, shape=(6, 4))
    case("sparse_", sparsity=0.1, std=0.25, shape=(10, 3), seed=42)

    gains = []
    for name in ("linear", "conv1d", "conv2d", "conv_transpose2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        gains.append([name, None, nn.init.calculate_gain(name)])
    gains.append(["leaky_relu", 0.25, nn.init.calculate_gain("leaky_relu", 0.25)])

    modules = []
    for name, args, kwargs in MODULES:
        for seed in (0, 42):
            torch.manual_seed(seed)
            made = getattr(nn, name)(*args, **kwargs)
            modules.append({"module": name, "args": args, "kwargs": encode(kwargs), "seed": seed, "state": [[key, encode(value)] for key, value in made.state_dict().items()], "next": torch.rand(2).tolist()})
    write("init", {"cases": cases, "gains": gains, "modules": modules})
    write("resnet-init", {"models": [resnet("resnet18", 0), resnet("resnet34", 0), resnet("resnet50", 42)]})


if __name__ == "__main__":
    main()
