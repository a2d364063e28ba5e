"""Trajectories, state dicts and schedules of the optimizers."""

import torch
from common import encode, write
from torch import optim

STEPS = 10
RESUME = 5


def data():
    torch.manual_seed(0)
    return torch.randn(8, 4), torch.randn(8, 3), torch.randn(3, 4), torch.randn(3)


def state_dict_form(state):
    """state_dict() with the integer keys of `state` as a list of pairs."""
    return {
        "state": [[key, encode(value)] for key, value in state["state"].items()],
        "paramGroups": [[[key, encode(value)] for key, value in group.items()] for group in state["param_groups"]],
    }


def run(name, options, groups=None):
    x, t, w, b = data()
    w.requires_grad_()
    b.requires_grad_()
    named = {"w": w, "b": b}
    if groups is None:
        params = [w, b]
    else:
        params = [{"params": [named[key] for key in group["params"]], **group["options"]} for group in groups]
    optimizer = getattr(optim, name)(params, **options)
    row = {"optimizer": name, "options": encode(options), "groups": encode(groups), "losses": [], "w": [], "b": []}
    for step in range(STEPS):
        if step == RESUME:
            row["resume"] = state_dict_form(optimizer.state_dict())
        optimizer.zero_grad()
        loss = (x @ w.t() + b - t).square().mean()
        loss.backward()
        optimizer.step()
        row["losses"].append(loss.item())
        row["w"].append(encode(w.detach()))
        row["b"].append(encode(b.detach()))
    row["stateDict"] = state_dict_form(optimizer.state_dict())
    row["repr"] = repr(optimizer)
    return row


def schedule(step_size, gamma, groups):
    x, t, w, b = data()
    w.requires_grad_()
    b.requires_grad_()
    named = {"w": w, "b": b}
    params = [{"params": [named[key] for key in group["params"]], **group["options"]} for group in groups]
    optimizer = optim.SGD(params, lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=step_size, gamma=gamma)
    rates = [scheduler.get_last_lr()]
    for _ in range(9):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr())
    state = {key: value for key, value in scheduler.state_dict().items() if not key.startswith("_")}
    return {"stepSize": step_size, "gamma": gamma, "groups": encode(groups), "rates": rates, "state": encode(state)}


def main():
    two = [{"params": ["w"], "options": {}}, {"params": ["b"], "options": {"lr": 0.5, "weight_decay": 0.125}}]
    runs = [
        run("Adam", {}),
        run("Adam", {"lr": 0.1}),
        run("Adam", {"lr": 0.1, "betas": (0.5, 0.75)}),
        run("Adam", {"lr": 0.1, "eps": 0.01}),
        run("Adam", {"lr": 0.1, "weight_decay": 0.25}),
        run("Adam", {"lr": 0.1, "amsgrad": True}),
        run("Adam", {"lr": 0.1, "maximize": True}),
        run("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1, "maximize": True}),
        run("Adam", {"lr": 0.1, "foreach": True}),
        run("Adam", {"lr": 0.1, "foreach": False}),
        run("Adam", {"lr": 0.1, "fused": True, "weight_decay": 0.1}),
        run("Adam", {"lr": 0.1}, two),
        run("SGD", {}),
        run("SGD", {"lr": 0.1}),
        run("SGD", {"lr": 0.1, "momentum": 0.9}),
        run("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
        run("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        run("SGD", {"lr": 0.1, "weight_decay": 0.25}),
        run("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.25, "maximize": True}),
        run("SGD", {"lr": 0.1, "momentum": 0.9, "foreach": True}),
        run("SGD", {"lr": 0.1, "momentum": 0.9, "foreach": False}),
        run("SGD", {"lr": 0.1, "momentum": 0.9, "fused": True, "weight_decay": 0.1}),
        run("SGD", {"lr": 0.1, "momentum": 0.9}, two),
    ]
    schedules = [schedule(3, 0.5, [{"params": ["w", "b"], "options": {}}]), schedule(2, 0.1, two)]
    write("optim", {"runs": runs, "schedules": schedules})


if __name__ == "__main__":
    main()
