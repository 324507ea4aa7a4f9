"""`python -m bench [--seconds S]`: compile times, then run times."""

import argparse
import warnings

from bench import by_hand, compile_time


def main() -> None:
    """Parse the command line and print every table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each program")
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        compile_time.report()
        print()
        by_hand.report(options.seconds)


if __name__ == "__main__":
    main()
