"""Compiled programs on disk, which another process loads instead of compiling.

In: what a call asks for. Out: the program that served such a call before, if all that
was read while it was compiled is found again, and is the same.
Invariants: nothing that is read from disk is run before it has been checked; whatever
is missing, foreign or damaged is compiled anew, and written anew. What cannot be told
from outside of the process that compiled it is not kept.
"""
