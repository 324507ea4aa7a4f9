"""`python -m bench [names] [--seconds S] [--json FILE] [--page FILE]`.

Without names: every workload against its peers, then compile times and the golden
programs. Everything runs on one core.
"""

import argparse
import os
import warnings

# Before NumPy is imported, whose BLAS reads it then.
os.environ.update(
    OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    NUMBA_NUM_THREADS="1",
    ADC_NUM_THREADS="1",
    JAX_PLATFORMS="cpu",
    ADC_CACHE="0",  # first calls compile
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
)


def main() -> None:
    """Parse the command line and print every table."""
    from bench import compile_time, golden, report
    from bench.compare import measured
    from bench.timing import keep_freed_memory
    from bench.workloads import NAMES

    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="name")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each size")
    parser.add_argument("--json", help="a file for the results")
    parser.add_argument("--page", help="a page of Markdown that gets the tables")
    options = parser.parse_args()
    keep_freed_memory()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = []
        for row in measured(options.names or NAMES, options.seconds):
            report.show(row)
            rows.append(row)
        report.summary(rows)
        if options.json:
            report.write_json(rows, options.json)
        if options.page:
            report.write_page(rows, options.page)
        if not options.names:
            print()
            compile_time.report()
            print()
            golden.report(options.seconds)


if __name__ == "__main__":
    main()
