"""Functions of NumPy and SciPy written in terms of others, in plain Python.

In: nothing. Out: `COMPOSED`, the definition of each function by NumPy's own object.
Invariants: a definition takes NumPy's parameters by NumPy's names and computes what
NumPy does, raising what NumPy raises; it is lowered as a user's function is, in place
of the call, and its statements count as the user's line. It is plain Python over NumPy,
so that it can be run and tested by itself; what it decides by an argument that is known
while compiling (an axis, a flag) costs nothing.
"""

from adcompiler.library import statistics
from adcompiler.library.registry import COMPOSED

__all__ = ["COMPOSED", "statistics"]
