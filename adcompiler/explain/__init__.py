"""What a gradient does, line by line, and what it keeps in memory.

In: the program of a gradient and the arguments of a call. Out: an `Explanation`, which
reads as text in a terminal and as tables in a notebook.
"""

from adcompiler.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
