"""What every fixture script shares: the JSON form of values, and a recorder of calls.

A tensor is written as {"dtype", "shape", "data"} with base64 of its little-endian bytes,
a float that JSON lacks as {"$float": "nan"}, a large int as {"$bigint": "…"}, a generator
as {"$generator": name}, the result of an earlier step as {"$ref": name}. The TypeScript
side of this is test/support/fixtures.ts.
"""

import base64
import json
import math
import pathlib

import torch
import torchvision

ROOT = pathlib.Path(__file__).resolve().parent.parent / "fixtures"

torch.set_num_threads(1)


class Ref:
    """Names the result of an earlier step of the same case."""

    def __init__(self, name, value):
        self.name = name
        self.value = value


class Gen:
    """A torch.Generator with a name, so that a fixture can speak of it."""

    def __init__(self, name, seed):
        self.name = name
        self.seed = seed
        self.value = torch.Generator()
        self.value.manual_seed(seed)


def dtype_name(dtype):
    return str(dtype).removeprefix("torch.")


def tensor_bytes(tensor):
    plain = tensor.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
    if plain.numel() == 0:
        return b""
    return plain.reshape(plain.numel()).view(torch.uint8).numpy().tobytes()


def encode(value):
    """The JSON form of `value`."""
    if isinstance(value, torch.Tensor):
        out = {
            "dtype": dtype_name(value.dtype),
            "shape": list(value.shape),
            "data": base64.b64encode(tensor_bytes(value)).decode(),
        }
        if value.requires_grad:
            out["requiresGrad"] = True
        return out
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else {"$bigint": str(value)}
    if isinstance(value, float):
        if math.isnan(value):
            return {"$float": "nan"}
        if math.isinf(value):
            return {"$float": "inf" if value > 0 else "-inf"}
        return value
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if isinstance(value, torch.dtype):
        return dtype_name(value)
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, torch.memory_format):
        head, *tail = str(value).removeprefix("torch.").split("_")
        return head + "".join(part.capitalize() for part in tail)
    if isinstance(value, Ref):
        return {"$ref": value.name}
    if isinstance(value, Gen):
        return {"$generator": value.name}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    raise TypeError(f"no JSON form for {type(value)}")


def plain(value):
    """`value` with the names of this file replaced by what they stand for."""
    if isinstance(value, (Ref, Gen)):
        return value.value
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def resolve(path):
    """The function behind a dotted path such as 'torch.nn.functional.relu'."""
    here = torch
    for part in path.split(".")[1:]:
        here = getattr(here, part)
    return here


def record(path, *args, name=None, tol=None, after=False, **kwargs):
    """Calls `path` ('torch.add', or '.add_' for a method of the first argument) and returns
    (row, result). `after` also stores the first argument as the call leaves it."""
    row = {"fn": path, "args": encode(args)}
    if kwargs:
        row["kwargs"] = encode(kwargs)
    real_args = plain(list(args))
    real_kwargs = {key: plain(item) for key, item in kwargs.items()}
    if path.startswith("."):
        result = getattr(real_args[0], path[1:])(*real_args[1:], **real_kwargs)
    else:
        result = resolve(path)(*real_args, **real_kwargs)
    if not isinstance(result, torch.Generator):
        row["result"] = encode(result)
    if isinstance(result, tuple) and hasattr(result, "_fields") or type(result).__module__ == "torch.return_types":
        row["names"] = [field for field in dir(result) if not field.startswith("_") and isinstance(getattr(result, field), torch.Tensor)]
        row["names"] = [field for field in row["names"] if field not in ("T", "H", "mT", "mH")]
    if after:
        row["after"] = encode(real_args[0])
    if name:
        row["name"] = name
    if tol is not None:
        row["tol"] = tol
    return row, result


class Case:
    """A run of calls that share the random stream and named values."""

    def __init__(self, title, seed=None):
        self.data = {"title": title, "steps": []}
        if seed is not None:
            self.data["seed"] = seed
            torch.manual_seed(seed)

    def generator(self, name, seed):
        self.data.setdefault("generators", {})[name] = seed
        return Gen(name, seed)

    def call(self, path, *args, **options):
        row, result = record(path, *args, **options)
        self.data["steps"].append(row)
        return Ref(options["name"], result) if options.get("name") else result


def write(area, content):
    """Writes fixtures/<area>.json, one list item a line so that changes can be read."""
    ROOT.mkdir(exist_ok=True)
    parts = [
        f'"torch": {json.dumps(torch.__version__)}',
        f'"torchvision": {json.dumps(torchvision.__version__)}',
    ]
    for key, value in content.items():
        if isinstance(value, list):
            rows = ",\n".join(json.dumps(item, separators=(",", ":"), allow_nan=False) for item in value)
            parts.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'), allow_nan=False)}")
    path = ROOT / f"{area}.json"
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"{path.name}: {path.stat().st_size // 1024} KB")
