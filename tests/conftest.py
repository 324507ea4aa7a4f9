"""What all tests share: verified passes, the markers, and the flag for golden files."""

from __future__ import annotations

import gc
import os
import zlib
from pathlib import Path

# Before adcompiler is imported anywhere: the IR is verified after every pass.
os.environ.setdefault("ADC_VERIFY", "1")
os.environ["ADC_CACHE"] = "0"  # a test that wants one has a directory of its own
# What is tested of every program is its NumPy text; `test_native.py` runs them all as
# machine code. ADC_BACKEND=llvm runs the whole suite so.
os.environ.setdefault("ADC_BACKEND", "numpy")

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Below tests/, only test files are collected: programs hold no doctests."""
    if collection_path.suffix == ".py" and not collection_path.match("test_*.py"):
        return True
    return None


# Of a program's rows, which differ in trip counts and arms, one is enough for these...
ONE_ROW_EACH = frozenset(
    {"test_second_order", "test_ownership", "test_dot_product"}
    | {"test_second_order_reference_is_sharp"}
    | {"test_derivatives_do_what_their_statements_say"}
)
# ... and of these, which take long and resemble each other, one in four or in eight.
ONE_IN = {
    "test_second_derivatives": 4,
    "test_it_is_differentiated": 4,
    "test_a_gradient_in_machine_code": 8,
    "test_a_tangent_in_machine_code": 8,
    "test_a_gradient_of_arrays_with_gaps_in_machine_code": 8,
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What repeats itself most is for `make test-all`: it becomes `long`."""
    seen: set[tuple[str, str]] = set()
    for item in reversed(items):  # the last row has the most trips
        test, _, row = item.name.partition("[")
        if test in ONE_ROW_EACH:
            program = row.rstrip("]").partition("[")[0]
            repeated = (test, program) in seen
            seen.add((test, program))
        else:
            repeated = bool(zlib.crc32(row.encode()) % ONE_IN.get(test, 1))
        if repeated:
            item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """The collected tests stay to the end: looking through tens of thousands of them
    for garbage, again and again, took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        pytest.importorskip("cupy")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared with."""
    return bool(request.config.getoption("--update-golden"))
