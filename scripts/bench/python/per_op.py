"""Twin of programs/per-op.ts: single operators on 4 x 4 tensors."""

import timeit

import torch

from side import Request, answer, fingerprint

# Statements, which timeit puts into its loop as they are: no call of a function is added to Python's time.
OPERATORS = {
    "add": "a + b",
    "sub": "a - b",
    "mul": "a * b",
    "div": "a / b",
    "add-scalar": "a + 2",
    "mul-scalar": "a * 0.5",
    "add-broadcast": "a + row",
    "matmul": "a.matmul(b)",
    "sum": "a.sum()",
    "sum-dim": "a.sum(1)",
    "mean": "a.mean()",
    "relu": "torch.relu(a)",
    "exp": "a.exp()",
    "sigmoid": "a.sigmoid()",
    "softmax": "torch.softmax(a, 1)",
    "view": "a.view(2, 8)",
    "reshape": "a.reshape(-1)",
    "transpose": "a.transpose(0, 1)",
    "unsqueeze": "a.unsqueeze(0)",
    "select": "a.select(0, 1)",
    "index": "a[1]",
    "slice": "a[:, 1:3]",
    "cat": "torch.cat(pair)",
    "clone": "a.clone()",
}
PLAIN = {
    "add-in-place": "total.add_(b)",
    "zeros": "torch.zeros(4, 4, device=device)",
    "empty": "torch.empty(4, 4, device=device)",
    "gt": "b > 0.5",
}


def main():
    request = Request()
    device, sync = request.setup_torch()
    calls, count = request.params["calls"], request.params["samples"]
    torch.manual_seed(0)
    a = torch.rand(4, 4).to(device)
    b = torch.rand(4, 4).to(device)
    tracked = a.clone().requires_grad_()
    metrics, results = {}, {}

    def measure(group, table, x):
        names = {
            "torch": torch,
            "a": x,
            "b": b,
            "row": b.select(0, 1),
            "pair": [x, b],
            "total": torch.zeros(4, 4, device=device),
            "device": device,
        }
        for name, statement in table.items():
            first = eval(statement, names)
            results[f"{group}/{name}"] = [first.numel()] if name == "empty" else fingerprint(first)
            # Python's collector of cycles runs as it does in a program; timeit would stop it.
            timer = timeit.Timer(statement, "import gc; gc.enable()", globals=names)
            samples = []
            for i in range(-2, count):
                sync()
                begin = timeit.default_timer()
                timer.timeit(calls)
                sync()
                elapsed = timeit.default_timer() - begin
                if i >= 0:
                    samples.append(elapsed * 1e6 / calls)
            metrics[f"{group}/{name}"] = {"unit": "µs", "samples": samples}

    with torch.no_grad():
        measure("plain", {**OPERATORS, **PLAIN}, a)
    measure("grad", OPERATORS, tracked)
    answer(request, metrics, results)


main()
