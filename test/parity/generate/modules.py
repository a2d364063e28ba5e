"""Every module of the first room: forward, loss, gradients, state afterwards, printed form."""

import torch
from common import encode, write
from torch import nn
from torchvision import models

IMAGE = [2, 4, 7, 6]


def run(name, args, kwargs, shape, dtype=torch.float32, train=True, passes=1, seed=0):
    """One module on seeded input; the loss is sum(output * w) with w = cos(0, 1, 2, …)."""
    torch.manual_seed(seed)
    args = [tuple(item) if isinstance(item, list) else item for item in args]
    kwargs = {key: tuple(item) if isinstance(item, list) else item for key, item in kwargs.items()}
    module = getattr(nn, name)(*args, **kwargs).to(dtype)
    module.train(train)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand_like(buffer) + 0.5)
    row = {"module": name, "args": encode(args), "kwargs": encode(kwargs), "dtype": encode(dtype), "train": train, "seed": seed + 1000}
    row["state"] = [[key, encode(value.detach())] for key, value in module.state_dict().items()]
    row["repr"] = repr(module)
    torch.manual_seed(seed + 1000)
    inputs = []
    outputs = []
    weighted = []
    for _ in range(passes):
        x = torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed + len(inputs))).requires_grad_()
        inputs.append(encode(x.detach()))
        y = module(x * 1.0)
        parts = y if isinstance(y, tuple) else (y,)
        outputs.append(encode([part.detach() for part in parts]))
        w = torch.cos(torch.arange(parts[0].numel(), dtype=torch.float64)).to(dtype).view(parts[0].shape)
        loss = (parts[0] * w).sum()
        loss.backward()
        weighted.append({"loss": loss.item(), "gradInput": encode(x.grad)})
    row["inputs"] = inputs
    row["outputs"] = outputs
    row["backward"] = weighted
    row["grads"] = [[key, encode(value.grad)] for key, value in module.named_parameters()]
    row["stateAfter"] = [[key, encode(value.detach())] for key, value in module.state_dict().items()]
    return row


def module_rows():
    rows = []

    def add(name, *args, shape=IMAGE, dtype=torch.float32, train=True, passes=1, seed=None, **kwargs):
        rows.append(run(name, list(args), kwargs, shape, dtype, train, passes, seed if seed is not None else len(rows)))

    add("Linear", 5, 3, shape=[4, 5])
    add("Linear", 5, 3, shape=[2, 3, 5], bias=False)
    add("Linear", 5, 2, shape=[5])
    add("Linear", 4, 4, shape=[3, 4], dtype=torch.float64)

    conv = [
        {},
        {"stride": 2},
        {"stride": [2, 1], "padding": [1, 2]},
        {"padding": 1, "dilation": 2},
        {"padding": 1, "groups": 2},
        {"groups": 4, "bias": False},
        {"padding": "same"},
        {"padding": "valid"},
        {"padding": "same", "dilation": 2},
        {"padding": 1, "padding_mode": "reflect"},
        {"padding": 2, "padding_mode": "circular"},
        {"padding": [1, 2], "padding_mode": "replicate"},
        {"padding": "same", "padding_mode": "reflect"},
    ]
    for options in conv:
        add("Conv2d", 4, 8, 3, **options)
    add("Conv2d", 4, 3, [1, 2], stride=[1, 2])
    add("Conv2d", 4, 2, 2, padding="same")
    add("Conv2d", 4, 2, 3, 2, 1)
    add("Conv2d", 4, 3, 3, shape=[4, 5, 5])

    for train in (True, False):
        add("BatchNorm2d", 4, train=train, passes=2)
        add("BatchNorm2d", 4, train=train, passes=2, momentum=None)
        add("BatchNorm2d", 4, train=train, affine=False)
        add("BatchNorm2d", 4, train=train, passes=2, track_running_stats=False)
        add("BatchNorm2d", 4, eps=0.5, momentum=0.25, train=train, passes=2)

    add("ReLU")
    add("ReLU", inplace=True)
    add("Identity")
    add("Identity", 54, shape=[3, 2])

    add("MaxPool2d", 2)
    add("MaxPool2d", 3, 2, 1)
    add("MaxPool2d", [3, 2], stride=[2, 1])
    add("MaxPool2d", 2, ceil_mode=True)
    add("MaxPool2d", 2, stride=1, dilation=2)
    add("MaxPool2d", 3, stride=2, padding=1, return_indices=True)
    add("MaxPool2d", 2, shape=[4, 5, 5])
    add("AvgPool2d", 2)
    add("AvgPool2d", 3, 2, 1)
    add("AvgPool2d", 3, stride=2, padding=1, ceil_mode=True)
    add("AvgPool2d", 3, stride=2, padding=1, count_include_pad=False)
    add("AvgPool2d", [2, 3], divisor_override=5)
    add("AdaptiveAvgPool2d", 1)
    add("AdaptiveAvgPool2d", [3, 2])
    add("AdaptiveAvgPool2d", [None, 4])
    add("AdaptiveAvgPool2d", 5)
    add("Flatten")
    add("Flatten", 2)
    add("Flatten", 0, 1)
    add("Flatten", start_dim=1, end_dim=-2)
    add("Dropout")
    add("Dropout", 0.25)
    add("Dropout", p=0.5, inplace=True)
    add("Dropout", 0.5, train=False)
    return rows


def loss_rows():
    rows = []

    def add(shape, target, weight=None, seed=0, **kwargs):
        torch.manual_seed(seed)
        x = torch.randn(shape).requires_grad_()
        options = dict(kwargs)
        if weight is not None:
            options["weight"] = weight
        loss = nn.CrossEntropyLoss(**options)(x, target)
        loss.sum().backward()
        functional = nn.functional.cross_entropy(x, target, **options)
        assert torch.equal(functional, loss)
        rows.append({"kwargs": encode(options), "input": encode(x.detach()), "target": encode(target), "loss": encode(loss.detach()), "gradInput": encode(x.grad)})

    classes = torch.tensor([1, 0, 4, 2])
    weight = torch.tensor([0.5, 1.5, 0.25, 2.5, 1.0])
    torch.manual_seed(99)
    probabilities = torch.softmax(torch.randn(4, 5), 1)
    for reduction in ("mean", "sum", "none"):
        add([4, 5], classes, reduction=reduction)
        add([4, 5], classes, weight=weight, reduction=reduction)
        add([4, 5], classes, ignore_index=4, reduction=reduction)
        add([4, 5], classes, label_smoothing=0.1, reduction=reduction)
        add([4, 5], classes, weight=weight, ignore_index=0, label_smoothing=0.25, reduction=reduction)
        add([4, 5], probabilities, reduction=reduction)
        add([4, 5], probabilities, weight=weight, label_smoothing=0.1, reduction=reduction)
    add([4, 5], torch.tensor([1, -100, -100, 3]))
    add([5], torch.tensor(3))
    torch.manual_seed(98)
    add([2, 3, 4, 4], torch.randint(3, [2, 4, 4]))
    add([2, 3, 4, 4], torch.randint(3, [2, 4, 4]), reduction="none", label_smoothing=0.1)
    return rows


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.heads = nn.ModuleList([nn.Linear(4, 2), nn.Linear(4, 3, bias=False)])
        self.dropout = nn.Dropout(0.25)
        self.empty = nn.Sequential()


def printing():
    rows = []
    makers = {
        "new nn.Linear(10, 5)": nn.Linear(10, 5),
        "new nn.Linear(10, 5, { bias: false })": nn.Linear(10, 5, bias=False),
        "new nn.Conv2d(3, 8, 3)": nn.Conv2d(3, 8, 3),
        "new nn.Conv2d(3, 6, [3, 5], { stride: 2, padding: [1, 2], dilation: 2, groups: 3, bias: false, paddingMode: 'reflect' })": nn.Conv2d(3, 6, [3, 5], stride=2, padding=[1, 2], dilation=2, groups=3, bias=False, padding_mode="reflect"),
        "new nn.Conv2d(3, 6, 3, { padding: 'same' })": nn.Conv2d(3, 6, 3, padding="same"),
        "new nn.BatchNorm2d(7)": nn.BatchNorm2d(7),
        "new nn.BatchNorm2d(7, { eps: 0.001, momentum: null, affine: false, trackRunningStats: false })": nn.BatchNorm2d(7, eps=0.001, momentum=None, affine=False, track_running_stats=False),
        "new nn.ReLU()": nn.ReLU(),
        "new nn.ReLU({ inplace: true })": nn.ReLU(inplace=True),
        "new nn.MaxPool2d(2)": nn.MaxPool2d(2),
        "new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true })": nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        "new nn.MaxPool2d([3, 2])": nn.MaxPool2d((3, 2)),
        "new nn.AvgPool2d(3, { stride: 2, padding: 1 })": nn.AvgPool2d(3, stride=2, padding=1),
        "new nn.AdaptiveAvgPool2d([1, 1])": nn.AdaptiveAvgPool2d((1, 1)),
        "new nn.AdaptiveAvgPool2d([null, 7])": nn.AdaptiveAvgPool2d((None, 7)),
        "new nn.AdaptiveAvgPool2d(5)": nn.AdaptiveAvgPool2d(5),
        "new nn.Flatten()": nn.Flatten(),
        "new nn.Dropout()": nn.Dropout(),
        "new nn.Dropout({ p: 0.25, inplace: true })": nn.Dropout(p=0.25, inplace=True),
        "new nn.Identity()": nn.Identity(),
        "new nn.CrossEntropyLoss()": nn.CrossEntropyLoss(),
        "new nn.Sequential()": nn.Sequential(),
        "new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1))": nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)),
        "new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Identity())": nn.Sequential(nn.Sequential(nn.ReLU()), nn.Identity()),
        "new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.ReLU()])": nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()]),
        "Net": Net(),
        "resnet18": models.resnet18(),
        "resnet50": models.resnet50(),
    }
    for expression, module in makers.items():
        rows.append([expression, repr(module)])
    return rows


def main():
    write("modules", {"modules": module_rows(), "losses": loss_rows(), "printing": printing()})


if __name__ == "__main__":
    main()
