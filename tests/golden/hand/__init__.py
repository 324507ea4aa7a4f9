"""Twelve programs, each with its derivative as a careful person would write it.

A module holds the primal function ``name`` (the module's own name), its derivative
``grad_name``, the differentiated arguments ``WRT``, and ``inputs(rng)``, a list of
argument tuples. The derivatives were written before the compiler produced anything;
what it generates is measured against them.
"""

NAMES = (
    "square_times_sine",
    "linear_regression",
    "classifier_loss",
    "horner",
    "newton_sqrt",
    "lorenz",
    "heat",
    "gauss_seidel",
    "cholesky",
    "triangular",
    "huber_sum",
    "first_crossing",
)
