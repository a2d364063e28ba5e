"""Python's x[...] against x.index(...) of the contract: values, and whether the result is a view."""

import torch
from common import encode, write

BASES = {
    "vector": torch.arange(10),
    "matrix": torch.arange(20, dtype=torch.float32).view(4, 5),
    "cube": torch.arange(24).view(2, 3, 4),
    "scalar": torch.tensor(7),
    "transposed": torch.arange(12).view(3, 4).t(),
    "empty": torch.zeros(0, 3),
}


def form(item):
    """An index in the contract's form."""
    if item is Ellipsis:
        return "..."
    if isinstance(item, slice):
        ends = ["" if end is None else str(end) for end in (item.start, item.stop)]
        return ":".join(ends) + ("" if item.step is None else f":{item.step}")
    return encode(item)


def s(*ends):
    return slice(*ends) if len(ends) > 1 else slice(None, None)


def main():
    t = torch.tensor
    rows = []

    def get(base, *index):
        source = BASES[base].clone() if base != "transposed" else torch.arange(12).view(3, 4).t()
        result = source[index]
        row = {"base": base, "index": [form(item) for item in index], "result": encode(result)}
        if result.numel() > 0:
            before = source.clone()
            result.fill_(1 if source.dtype == torch.bool else 99)
            row["view"] = not torch.equal(before, source)
        rows.append(row)

    def put(base, index, value, accumulate=False):
        source = BASES[base].clone()
        if accumulate:
            source.index_put_(index, value, accumulate=True)
        else:
            source[tuple(index)] = value
        row = {"base": base, "index": [form(item) for item in index], "value": encode(value), "after": encode(source)}
        if accumulate:
            row["accumulate"] = True
        puts.append(row)

    get("vector", 0)
    get("vector", -1)
    get("vector", s(2, 5))
    get("vector", s(2, None))
    get("vector", s(None, 3))
    get("vector", s())
    get("vector", s(None, None, 2))
    get("vector", s(1, 9, 3))
    get("vector", s(-3, None))
    get("vector", s(None, -2))
    get("vector", s(-100, 100))
    get("vector", s(5, 2))
    get("vector", s(20, 30))
    get("vector", None)
    get("vector", None, s(), None)
    get("vector", ...)
    get("vector", [0, 2, -1])
    get("vector", t([3, 3, 1]))
    get("vector", t([[0, 1], [2, 3]]))
    get("vector", t(4))
    get("vector", t([], dtype=torch.int64))
    get("vector", t([1, 2], dtype=torch.int32))
    get("vector", BASES["vector"] > 6)
    get("vector", BASES["vector"] > 60)
    get("vector", [True, False] * 5)
    get("vector", True)
    get("vector", False)
    get("matrix", 1)
    get("matrix", 1, 2)
    get("matrix", -1, -2)
    get("matrix", 1, s())
    get("matrix", s(), 1)
    get("matrix", s(1, 3), s(0, None, 2))
    get("matrix", s(), [0, 2])
    get("matrix", [0, 2])
    get("matrix", [0, 2], [1, 3])
    get("matrix", t([[0], [3]]), t([1, 2]))
    get("matrix", t([0, 2]), s(1, 3))
    get("matrix", 2, t([0, 4]))
    get("matrix", BASES["matrix"] > 11)
    get("matrix", t([True, False, True, False]))
    get("matrix", s(), t([True, False, True, False, True]))
    get("matrix", t([True, False, True, False]), 1)
    get("matrix", t([True, False, True, False]), t([1, 4]))
    get("matrix", ..., 0)
    get("matrix", ..., None)
    get("matrix", None, ..., s(1, 2))
    get("matrix", 0, ...)
    get("matrix", [[0, 1], [2, 3]])
    get("cube", 1, s(), s(2, 5))
    get("cube", ..., 1)
    get("cube", 0, ..., 2)
    get("cube", s(), None, 1)
    get("cube", 1, s(None, None, 2), -1)
    get("cube", t([0, 1]), s(), t([2, 3]))
    get("cube", s(), t([0, 2]), t([1, 3]))
    get("cube", t([0, 1]), None, t([1, 2]))
    get("cube", 0, t([0, 2]), s(1, 3))
    get("cube", s(), s(), t([3, 0, 3]))
    get("cube", BASES["cube"] % 5 == 0)
    get("cube", t([[True, False, True], [False, True, False]]))
    get("cube", t([[True, False, True], [False, True, False]]), s(1, 3))
    get("cube", s(), t([True, False, True]), 0)
    get("cube", [1], [2], [3])
    get("cube", True, 0)
    get("scalar", ...)
    get("scalar", None)
    get("scalar", True)
    get("scalar", False)
    get("transposed", 1)
    get("transposed", s(1, 3), t([0, 2]))
    get("empty", s(), 1)
    get("empty", s(0, 0))
    get("empty", t([], dtype=torch.int64))

    puts = []
    put("vector", [0], 50)
    put("vector", [s(2, 5)], 50)
    put("vector", [s(None, None, 3)], t([50, 51, 52, 53]))
    put("vector", [BASES["vector"] > 6], 0)
    put("vector", [t([1, 1, 2])], t([70, 70, 80]))
    put("vector", [...], 3)
    put("matrix", [1, s(2, 5)], 0.5)
    put("matrix", [s(), 1], t([1.5, 2.5, 3.5, 4.5]))
    put("matrix", [1], t([1.5]))
    put("matrix", [..., 0], -1)
    put("matrix", [t([0, 2]), t([1, 3])], t([0.25, 0.75]))
    put("matrix", [BASES["matrix"] > 11], t(0.5))
    put("matrix", [t([True, False, True, False])], t([0.0, 1.0, 2.0, 3.0, 4.0]))
    put("matrix", [s(1, 3), t([0, 4])], t([[0.5], [1.5]]))
    put("matrix", [s(1, 1)], 5)
    put("cube", [s(), 1, t([0, 3])], 100)
    put("cube", [1, None], t([[1, 2, 3, 4]]))
    put("cube", [0, ..., 2], t([7, 8, 9]))
    put("scalar", [...], 3)
    put("vector", [t([1, 1, 2])], t([1, 1, 10]), accumulate=True)
    put("matrix", [t([0, 0]), t([1, 1])], t([0.25, 0.75]), accumulate=True)

    errors = []
    for base, index in [
        ("vector", [10]),
        ("vector", [-11]),
        ("vector", [s(None, None, -1)]),
        ("vector", [s(None, None, 0)]),
        ("vector", [0, 0]),
        ("matrix", [0, 0, 0]),
        ("matrix", [t([True, False])]),
        ("matrix", [t([4])]),
        ("matrix", [t([0, 1]), t([0, 1, 2])]),
        ("matrix", [t([0.5])]),
        ("scalar", [0]),
        ("cube", [0, 3]),
    ]:
        try:
            BASES[base][tuple(index)]
            raise AssertionError(f"{base} {index} is no error")
        except (IndexError, ValueError, RuntimeError) as error:
            errors.append({"base": base, "index": [form(item) for item in index], "error": type(error).__name__, "message": str(error)})
    write("indexing", {"bases": {key: encode(value) for key, value in BASES.items()}, "gets": rows, "puts": puts, "errors": errors})


if __name__ == "__main__":
    main()
