"""Bulk runs: `python -m tests.fuzz.run --count 20000 --seed 0 --jobs 2`.

The IR is verified after every pass (ADC_VERIFY=0 saves the time).
Each program is judged in a worker process under a time limit. A worker that dies or
hangs counts against its program and is replaced. Programs that fail or are refused
are saved under `--output` as modules that stand alone, with seed and numbers in their
first lines.
`--shrink SEED` (or `--shrink FILE`) reduces one of them instead.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz import statistics
from tests.fuzz.check import (
    CRASH,
    INVALID,
    OK,
    RAISED,
    REFUSED,
    WRONG,
    Checks,
    Verdict,
    examine,
)
from tests.fuzz.generate import program
from tests.fuzz.program import Program, load_text
from tests.fuzz.shrink import shrink

SLOW = "slow"


class _TooSlow(BaseException):
    """Raised in a worker when a program's time is up."""


def compiler() -> Any:
    """The module under test; `ADC_FUZZ_FAKE=fault` tests the harness instead."""
    fault = os.environ.get("ADC_FUZZ_FAKE")
    if fault is not None:
        from tests.fuzz.fake import Numerical

        return Numerical(fault)
    import adcompiler
    import adcompiler.settings

    return adcompiler


def judge(case: Program, checks: Checks, seconds: float) -> Verdict:
    """`examine` under a limit of processor time, whatever else the machine does."""

    def stop(*_: Any) -> None:
        raise _TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return examine(case, compiler(), checks)
    except _TooSlow:
        return Verdict(SLOW, f"over {seconds:g} s")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _work(pipe: Any, checks: Checks, seconds: float) -> None:
    while (seed := pipe.recv()) is not None:
        try:
            verdict = judge(program(seed), checks, seconds)
        except Exception as problem:  # noqa: BLE001 - judged, not hidden
            verdict = Verdict(INVALID, f"generator: {problem!r}")
        pipe.send((seed, verdict))


class _Worker:
    """A process that judges one seed at a time."""

    def __init__(self, checks: Checks, seconds: float) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=_work, args=(theirs, checks, seconds), daemon=True
        )
        self.process.start()
        theirs.close()
        self.seed: int | None = None
        self.since = 0.0

    def give(self, seed: int) -> None:
        self.seed, self.since = seed, time.monotonic()
        self.pipe.send(seed)

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def run_seeds(seeds: range, checks: Checks, jobs: int, seconds: float) -> Any:
    """Yield (seed, verdict) in the order in which they come."""
    waiting = iter(seeds)
    workers: list[_Worker] = []
    for _, seed in zip(range(jobs), waiting, strict=False):
        workers.append(_Worker(checks, seconds))
        workers[-1].give(seed)
    while workers:
        ready = multiprocessing.connection.wait([w.pipe for w in workers], timeout=1)
        for worker in list(workers):
            seed = worker.seed
            hung = time.monotonic() - worker.since > 15 * seconds + 20
            if worker.pipe not in ready and not hung:
                continue
            alive = True
            try:
                if hung:
                    raise EOFError
                yield worker.pipe.recv()
            except (EOFError, OSError):
                alive = False
                worker.stop()
                reason = "hangs" if hung else f"dies ({worker.process.exitcode})"
                yield seed, Verdict(CRASH, f"process {reason}")
            following = next(waiting, None)
            workers.remove(worker)
            if following is None:
                worker.stop()
                continue
            fresh = worker if alive else _Worker(checks, seconds)
            fresh.give(following)
            workers.append(fresh)


def save(case: Program, verdict: Verdict, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{verdict.kind.lower()}_{case.seed}.py"
    notes = (*case.notes, f"{verdict.kind}: {verdict.message}", verdict.detail)
    whole = Program(case.source, case.arguments, case.seed, case.float32, notes)
    path.write_text(whole.text(), encoding="utf-8")
    return path


def table(kinds: Counter[str], messages: Counter[tuple[str, str]]) -> str:
    total = max(kinds.total(), 1)
    rows = [f"{'verdict':<12}{'programs':>9}{'share':>9}"]
    rows += [f"{k:<12}{n:>9}{n / total:>9.1%}" for k, n in kinds.most_common()]
    for (kind, message), n in messages.most_common(40):
        rows.append(f"  {n:>6}  {kind}: {message}")
    return "\n".join(rows)


def bulk(options: argparse.Namespace, checks: Checks) -> int:
    kinds: Counter[str] = Counter()
    messages: Counter[tuple[str, str]] = Counter()
    first = options.seed + options.start
    seeds = range(first, options.seed + options.count)
    began = time.monotonic()
    for seed, verdict in run_seeds(seeds, checks, options.jobs, options.timeout):
        kinds[verdict.kind] += 1
        if verdict.kind not in (OK, RAISED):
            messages[verdict.kind, verdict.message] += 1
        if verdict.kind in (WRONG, CRASH, INVALID, SLOW, REFUSED):
            path = save(program(seed), verdict, options.output)
            print(f"{verdict.kind} seed {seed}: {verdict.message}  [{path}]")
        done = kinds.total()
        if done % 500 == 0:
            rate = done / (time.monotonic() - began)
            print(f"... {done} of {len(seeds)}, {rate:.1f}/s {dict(kinds)}", flush=True)
    print(table(kinds, messages))
    return 1 if kinds[WRONG] or kinds[CRASH] or kinds[INVALID] else 0


def reduce(what: str, options: argparse.Namespace, checks: Checks) -> int:
    case = program(int(what)) if what.isdigit() else load_text(Path(what).read_text())
    before = judge(case, checks, options.timeout)
    if before.kind == OK:
        print("this program passes")
        return 0
    smallest = shrink(case, lambda c: judge(c, checks, options.timeout))
    after = judge(smallest, checks, options.timeout)
    path = save(smallest, after, options.output / "shrunk")
    print(path.read_text())
    return 1


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--start", type=int, default=0, help="skip so many programs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--timeout", type=float, default=20.0, help="seconds each, of the processor"
    )
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--second-order", action="store_true")
    parser.add_argument("--output", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--shrink", metavar="SEED", help="a seed or a saved file")
    parser.add_argument("--show", type=int, metavar="SEED", help="print a program")
    parser.add_argument(
        "--statistics", action="store_true", help="which share has which construct"
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("ADC_VERIFY", "1")  # as in the tests
    os.environ["ADC_CACHE"] = "0"  # nobody asks for random programs twice
    checks = Checks(options.variants, options.second_order)
    if options.show is not None:
        print(program(options.show).text())
        return 0
    if options.statistics:
        seeds = range(options.seed, options.seed + options.count)
        print(statistics.table(map(program, seeds)))
        return 0
    if options.shrink is not None:
        return reduce(options.shrink, options, checks)
    return bulk(options, checks)


if __name__ == "__main__":
    sys.exit(main())
