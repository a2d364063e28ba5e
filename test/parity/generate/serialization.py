"""Files written by torch.save with what they hold, and files that must be refused."""

import collections
import io
import os
import pathlib
import pickle
import warnings

import torch
from common import ROOT, encode, write
from torch import nn, optim

FOLDER = ROOT / "serialization"


def tree(value):
    """`value` as {"kind", …}: what a reader has to find in the file."""
    if isinstance(value, torch.Tensor):
        kind = "parameter" if isinstance(value, nn.Parameter) else "tensor"
        return {"kind": kind, "value": encode(value.detach()), "requiresGrad": value.requires_grad}
    if isinstance(value, dict):
        return {"kind": "dict", "entries": [[key, tree(item)] for key, item in value.items()]}
    if isinstance(value, torch.Size):
        return {"kind": "list", "items": [tree(item) for item in value]}
    if isinstance(value, (list, tuple)):
        return {"kind": "list", "items": [tree(item) for item in value]}
    return {"kind": "value", "value": encode(value)}


def good(files, name, value, **options):
    torch.save(value, FOLDER / name, **options)
    back = torch.load(FOLDER / name, weights_only=True)
    files.append({"file": name, "content": tree(back)})


class Evil:
    """Pickles as a call of `function`."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


class Custom:
    def __init__(self):
        self.x = 1


def archive(name, records):
    """A torch zip with the given records."""
    buffer = io.BytesIO()
    writer = torch._C.PyTorchFileWriter(buffer)
    for key, content in records.items():
        writer.write_record(key, content, len(content))
    writer.write_end_of_file()
    (FOLDER / name).write_bytes(buffer.getvalue())


def storage_pickle(numel, size, stride, offset=0, location="cpu", key="0"):
    """The pickle of one float32 tensor over a storage of `numel` numbers."""

    class Marker:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            return ("storage", torch.FloatStorage, key, location, numel) if isinstance(item, Marker) else None

    class Rebuild:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Marker(), offset, size, stride, False, collections.OrderedDict())

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(Rebuild())
    return buffer.getvalue()


def bad(files, name, why):
    try:
        torch.load(FOLDER / name, weights_only=True)
    except Exception as error:
        files.append({"file": name, "why": why, "python": type(error).__name__})
        return
    raise AssertionError(f"Python accepts {name}")


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        if old.name != "legacy.pth":
            old.unlink()
    torch.manual_seed(0)
    files = []
    state = collections.OrderedDict(
        float32=torch.randn(2, 3),
        float64=torch.randn(3, dtype=torch.float64),
        float16=torch.randn(4).half(),
        bfloat16=torch.randn(4).bfloat16(),
        int64=torch.tensor([1, -(2**60), 3]),
        int32=torch.tensor([[1, -2]], dtype=torch.int32),
        int16=torch.tensor([300], dtype=torch.int16),
        int8=torch.tensor([-8], dtype=torch.int8),
        uint8=torch.tensor([200, 3], dtype=torch.uint8),
        bool=torch.tensor([True, False, True]),
        complex64=torch.tensor([1 + 2j]),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
    )
    good(files, "dtypes.pth", state)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    good(files, "module-state.pth", model.state_dict())
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    model(torch.randn(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    sgd = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    sgd.step()
    good(files, "checkpoint.pth", {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "sgd": sgd.state_dict(), "epoch": 3, "loss": 0.25})
    good(
        files,
        "scalars.pth",
        {"int": 7, "negative": -70000, "byte": 255, "long": 2**40, "huge": 2**60, "float": 0.1, "whole": 2.0, "inf": float("inf"), "yes": True, "no": False, "none": None, "text": "Grüße 🌍", "empty": "", "list": [1, [2, "x"], []], "tuple": (1, 2.5), "pair": ("a", None), "single": (1,), "void": (), "nested": {"a": {"b": 1}}, "nothing": {}, "size": torch.Size([2, 3])},
    )
    good(files, "keys.pth", {"ints": {0: "a", 5: "b"}, "mixed": {"a": 1, 2: "b"}, "strings": {"a": 1}, "negative": {-1: 0}, "floats": {0.5: 1}})
    base = torch.arange(12, dtype=torch.float32).view(3, 4)
    good(files, "views.pth", {"base": base, "row": base[1], "transposed": base.t(), "strided": base[:, ::2], "expanded": torch.ones(1).expand(2, 3)})
    good(files, "parameter.pth", {"weight": nn.Parameter(torch.randn(2, 2)), "frozen": nn.Parameter(torch.ones(2), requires_grad=False), "leaf": torch.ones(2, requires_grad=True)})
    good(files, "tensor.pth", torch.tensor([1.5, 2.5]))
    good(files, "tensors.pth", [torch.tensor([1, 2]), (torch.tensor([3]), "x")])
    shared = torch.tensor([1.0, 2.0])
    good(files, "same-object.pth", {"a": shared, "b": shared})
    good(files, "protocol3.pth", {"x": torch.ones(2), "n": 5, "text": "protocol"}, pickle_protocol=3)
    if not (FOLDER / "legacy.pth").exists():  # it holds memory addresses: every run would change it
        torch.save({"x": torch.ones(2)}, FOLDER / "legacy.pth", _use_new_zipfile_serialization=False)

    refused = []
    for name, item, why in [
        ("system.pth", Evil(os.system, "touch /tmp/torchts-was-here"), "calls os.system"),
        ("eval.pth", Evil(eval, "1 + 1"), "calls eval"),
        ("custom-class.pth", Custom(), "an object of a class of the user's"),
        ("module.pth", nn.Linear(2, 2), "a whole module"),
        ("open.pth", Evil(open, "/etc/passwd"), "opens a file"),
        ("getattr.pth", Evil(getattr, "text", "upper"), "looks up an attribute"),
        ("path.pth", pathlib.PurePosixPath("/x"), "a path object"),
    ]:
        torch.save({"x": torch.ones(2), "item": item}, FOLDER / name)
        bad(refused, name, why)
    whole = (FOLDER / "dtypes.pth").read_bytes()
    (FOLDER / "truncated.pth").write_bytes(whole[: len(whole) // 2])
    bad(refused, "truncated.pth", "half of a file")
    (FOLDER / "cut-tail.pth").write_bytes(whole[:-30])
    bad(refused, "cut-tail.pth", "the end is missing")
    (FOLDER / "empty.pth").write_bytes(b"")
    bad(refused, "empty.pth", "an empty file")
    (FOLDER / "text.pth").write_bytes(b"this is no archive\n" * 20)
    bad(refused, "text.pth", "a text file")
    (FOLDER / "zip-magic.pth").write_bytes(b"PK\x03\x04" + bytes(200))
    bad(refused, "zip-magic.pth", "the magic number of a zip alone")
    archive("no-pickle.pth", {"data/0": bytes(16)})
    bad(refused, "no-pickle.pth", "an archive without data.pkl")
    archive("no-storage.pth", {"data.pkl": storage_pickle(4, (4,), (1,))})
    bad(refused, "no-storage.pth", "the storage is missing")
    archive("short-storage.pth", {"data.pkl": storage_pickle(4, (4,), (1,)), "data/0": bytes(8)})
    bad(refused, "short-storage.pth", "the storage is shorter than it says")
    archive("beyond-storage.pth", {"data.pkl": storage_pickle(4, (100,), (1,)), "data/0": bytes(16)})
    bad(refused, "beyond-storage.pth", "a tensor that reaches beyond its storage")
    archive("beyond-stride.pth", {"data.pkl": storage_pickle(4, (2,), (1000,)), "data/0": bytes(16)})
    bad(refused, "beyond-stride.pth", "a stride that reaches beyond the storage")
    archive("negative-offset.pth", {"data.pkl": storage_pickle(4, (4,), (1,), offset=-4), "data/0": bytes(16)})
    bad(refused, "negative-offset.pth", "a negative offset")
    archive("huge.pth", {"data.pkl": storage_pickle(2**60, (2**60,), (1,)), "data/0": bytes(16)})
    bad(refused, "huge.pth", "a storage of 4 EiB")
    archive("garbage-pickle.pth", {"data.pkl": b"\x80\x02\xff\xfe\xfd."})
    bad(refused, "garbage-pickle.pth", "unknown opcodes")
    archive("stack-underflow.pth", {"data.pkl": b"\x80\x02R."})
    bad(refused, "stack-underflow.pth", "a call without anything to call")
    archive("no-stop.pth", {"data.pkl": b"\x80\x02K\x01"})
    bad(refused, "no-stop.pth", "a pickle without its end")
    write("serialization", {"files": files, "refused": refused})


if __name__ == "__main__":
    main()
