"""The CPU random stream: which numbers each function draws after a seed, and in which order."""

import torch
from common import Case, write

EXACT = 0
SIZES = [1, 5, 15, 16, 17, 100]


def main():
    cases = []

    def case(title, seed):
        made = Case(title, seed)
        cases.append(made.data)
        return made

    for seed in (0, 42, 2**40 + 7):
        for fn in ("rand", "randn"):
            for dtype in (torch.float32, torch.float64):
                c = case(f"{fn} of growing sizes, {dtype}, seed {seed}", seed)
                for size in SIZES if seed < 100 else [5, 17]:
                    c.call(f"torch.{fn}", [size], dtype=dtype)
        c = case(f"randint, seed {seed}", seed)
        c.call("torch.randint", 10, [7])
        c.call("torch.randint", -5, 5, [3, 4])
        c.call("torch.randint", 0, 2**40, [5])
        c.call("torch.randint", 0, 256, [6], dtype=torch.uint8)
        c.call("torch.randint", 3, [5], dtype=torch.float32)
        c = case(f"randperm, seed {seed}", seed)
        for n in (0, 1, 2, 10, 100):
            c.call("torch.randperm", n)
        c.call("torch.randperm", 20, dtype=torch.int32)
    c = case("randperm of many", 1)
    c.call("torch.randperm", 3000)

    c = case("shapes spread or in one list", 3)
    c.call("torch.rand", 2, 3)
    c.call("torch.randn", [2, 3])
    c.call("torch.randn", 4, 5)
    c.call("torch.rand", 2, 2, 2)

    for fn, seed in (("torch.bernoulli", 0), ("torch.poisson", 4)):
        c = case(fn, seed)
        c.call(fn, torch.linspace(0, 1, 11))
        c.call(fn, torch.full([20], 0.3, dtype=torch.float64))
    c = case("bernoulli with a probability", 5)
    c.call("torch.bernoulli", torch.zeros(12), 0.25)
    c.call(".bernoulli_", torch.zeros(12), 0.75, after=True)

    c = case("dropout", 6)
    x = torch.arange(1, 41, dtype=torch.float32).view(5, 8)
    c.call("torch.nn.functional.dropout", x, p=0.5, training=True)
    c.call("torch.nn.functional.dropout", x, 0.1)
    c.call("torch.nn.functional.dropout", x, 0.0)
    c.call("torch.nn.functional.dropout", x, 1.0)
    c.call("torch.nn.functional.dropout", x, p=0.5, training=False)
    c.call("torch.rand", 3)

    for size in ([4], [16], [3, 7]):
        c = case(f"in-place fills of {size}", 7)
        c.call(".uniform_", torch.zeros(size), after=True)
        c.call(".uniform_", torch.zeros(size), -2.5, 3.5, after=True)
        c.call(".normal_", torch.zeros(size), after=True)
        c.call(".normal_", torch.zeros(size), 10.5, 0.25, after=True)
        c.call(".normal_", torch.zeros(size, dtype=torch.float64), mean=1.5, std=2.5, after=True)
        c.call(".exponential_", torch.zeros(size), 1.5, after=True)
        c.call(".log_normal_", torch.zeros(size), 0.5, 0.25, after=True)
        c.call(".geometric_", torch.zeros(size), 0.3, after=True)
        c.call(".cauchy_", torch.zeros(size), 0.5, 1.5, after=True)
        c.call(".random_", torch.zeros(size, dtype=torch.int64), 100, after=True)
        c.call(".random_", torch.zeros(size, dtype=torch.int64), -3, 4, after=True)

    c = case("normal", 8)
    c.call("torch.normal", torch.arange(1.0, 6.0), torch.arange(1.0, 0.0, -0.2))
    c.call("torch.normal", torch.arange(1.0, 6.0), 0.5)
    c.call("torch.normal", 2.5, torch.arange(1.0, 6.0))
    c.call("torch.normal", 2.5, 3.5, [2, 3])

    c = case("like functions", 9)
    like = torch.zeros(2, 5, dtype=torch.float64)
    c.call("torch.rand_like", like)
    c.call("torch.randn_like", like)
    c.call("torch.randn_like", like, dtype=torch.float32)
    c.call("torch.randint_like", like, 10)
    c.call("torch.randint_like", like, 5, 10)

    c = case("multinomial", 10)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4])
    c.call("torch.multinomial", weights, 3)
    c.call("torch.multinomial", weights, 12, replacement=True)
    c.call("torch.multinomial", torch.tensor([[1.0, 2.0, 3.0], [3.0, 0.0, 1.0]]), 2)
    c.call("torch.multinomial", weights.double(), 1)

    c = case("interleaved draws", 11)
    c.call("torch.rand", 3)
    c.call("torch.randn", 3)
    c.call("torch.rand", 1, dtype=torch.float64)
    c.call("torch.randn", 20)
    c.call("torch.randint", 100, [2])
    c.call("torch.randn", 1)
    c.call("torch.randn", 1)
    c.call("torch.randperm", 5)
    c.call("torch.bernoulli", torch.full([4], 0.5))
    c.call("torch.rand", 2)

    c = case("generators of one's own beside the default one", 12)
    first = c.generator("first", 0)
    second = c.generator("second", 42)
    c.call("torch.rand", 3, generator=first)
    c.call("torch.rand", 3)
    c.call("torch.randn", 17, generator=second)
    c.call("torch.randperm", 8, generator=first)
    c.call("torch.randint", 10, [4], generator=second)
    c.call("torch.rand", 3)
    c.call("torch.multinomial", weights, 2, generator=first)
    c.call(".normal_", torch.zeros(5), 0.5, 1.5, generator=second, after=True)
    c.call(".uniform_", torch.zeros(5), 0.5, 1.5, generator=first, after=True)
    c.call("torch.bernoulli", torch.full([9], 0.5), generator=second)

    states = []
    for seed in (0, 42):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        drawn = torch.rand(4)
        states.append({"seed": seed, "length": state.numel(), "dtype": "uint8", "first": state[:16].tolist(), "sum": int(state.long().sum()), "drawn": drawn.tolist(), "initialSeed": torch.initial_seed()})
    write("rng", {"cases": cases, "states": states})


if __name__ == "__main__":
    main()
