"""What adcompiler costs, measured: `python -m bench`, or `make bench`.

Gradients are checked before they are timed. What is compared is timed in turns in one
run and reported as medians and as ratios, because machines are noisy.
"""
