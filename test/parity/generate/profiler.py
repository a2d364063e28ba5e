"""What torch.profiler counts in small programs: operators, calls, shapes, floating point operations."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile, record_function, schedule

import common

# Given, as the ones that backward makes itself are allocated in another way.
SEED = torch.ones(())

def linear():
    x, w = torch.randn(4, 5), torch.randn(3, 5, requires_grad=True)
    return lambda: F.linear(x, w).relu().sum().backward(SEED)


def network():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10))
    criterion, x, y = nn.CrossEntropyLoss(), torch.randn(2, 3, 8, 8), torch.randint(10, (2,))

    def step():
        with record_function("forward"):
            loss = criterion(model(x), y)
        loss.backward(SEED)

    return step


def rows(averages):
    return sorted(
        [row.key, row.count, [list(shape) for shape in row.input_shapes or []], row.flops, row.is_user_annotation]
        for row in averages
    )


def main():
    programs = []
    for make in (linear, network):
        torch.manual_seed(0)
        program = make()
        program()
        with profile(activities=[ProfilerActivity.CPU], record_shapes=True, with_flops=True) as prof:
            program()
        programs.append(
            {
                "name": make.__name__,
                "plain": rows(prof.key_averages()),
                "byShape": rows(prof.key_averages(group_by_input_shape=True)),
            }
        )
    schedules = []
    for options in (
        {"wait": 1, "warmup": 1, "active": 2},
        {"wait": 0, "warmup": 1, "active": 1, "repeat": 2, "skip_first": 3},
        {"wait": 4, "warmup": 1, "active": 3, "repeat": 1, "skip_first": 2, "skip_first_wait": 1},
    ):
        plan = schedule(**options)
        schedules.append({"options": options, "actions": [plan(step).name for step in range(24)]})
    common.write("profiler", {"programs": programs, "schedules": schedules})


if __name__ == "__main__":
    main()
