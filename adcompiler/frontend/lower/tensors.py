"""What tensors of other libraries have under another name, or another way.

In: the name of a method, or a function of such a library. Out: what to write here.
"""

from __future__ import annotations

import numpy as np

# --- Methods and attributes -----------------------------------------------------------

_RUNTIME = "ad.runtime"
ACTIVATIONS = (
    *("celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish"),
    *("hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "mish", "prelu", "relu"),
    *("relu6", "selu", "sigmoid", "silu", "softmax", "softmin", "softplus"),
    *("softshrink", "softsign", "tanhshrink", "threshold"),
)
_NOTHING = "leave it away: arrays are NumPy's, and nothing is recorded of them"

OF_TENSORS = {
    **dict.fromkeys(["cpu", "cuda", "numpy", "contiguous", "retain_grad"], _NOTHING),
    **dict.fromkeys(["detach_", "data"], "ad.stop_gradient(x) is the array alone"),
    **dict.fromkeys(
        ["backward", "grad", "grad_fn", "requires_grad", "requires_grad_"],
        "it is for outside: ad.differentiate(f).backward(...) on the function; in it, "
        "ad.grad(g)(x)",
    ),
    **{name: f"write {_RUNTIME}.activations.{name}(x)" for name in ACTIVATIONS},
    **dict.fromkeys(["mm", "bmm", "mv", "matmul"], "write x @ y"),
    **dict.fromkeys(["expand", "expand_as"], "write np.broadcast_to(x, shape)"),
    **dict.fromkeys(["split", "chunk"], "write np.array_split(x, n, axis)"),
    **dict.fromkeys(["clamp", "clamp_min"], "write np.clip(x, low, high)"),
    **dict.fromkeys(["type", "to"], "for another dtype x.astype(...); else nothing"),
    "view": "another shape is x.reshape(...), another dtype x.astype(...)",
    "float": "write x.astype(np.float32)",
    "double": "write x.astype(np.float64)",
    **dict.fromkeys(["long", "int"], "write x.astype(int)"),
    "bool": "write x.astype(bool)",
    "t": "write x.T",
    "dim": "write x.ndim",
    "numel": "write x.size",
    "permute": "write x.transpose(...)",
    "unsqueeze": "write x[None], or np.expand_dims(x, axis)",
    "clone": "write x.copy()",
    "pow": "write x ** n",
    "rsqrt": "write 1.0 / np.sqrt(x)",
    "norm": "write np.linalg.norm(x)",
    "logsumexp": "write special.logsumexp(x, axis), of scipy",
    "gather": "write np.take_along_axis(x, index, axis)",
    "index_select": "write np.take(x, index, axis)",
    "masked_fill": "write np.where(mask, value, x)",
    "masked_select": "write x[mask]",
    **dict.fromkeys(["index_add_", "scatter_add_"], "write np.add.at(x, index, y)"),
    **{
        f"{name}_": f"write x {sign}= y"
        for name, sign in {"add": "+", "sub": "-", "mul": "*", "div": "/"}.items()
    },
    **{
        name: f"write x {sign} y"
        for name, sign in (
            *(("add", "+"), ("sub", "-"), ("mul", "*"), ("div", "/"), ("eq", "==")),
            *(("lt", "<"), ("gt", ">"), ("le", "<="), ("ge", ">="), ("ne", "!=")),
        )
    },
    **dict.fromkeys(["zero_", "fill_", "copy_"], "write x[...] = value"),
}
SIZE = "write x.shape[0], x.shape; x.size is the number of elements"

# --- Functions ------------------------------------------------------------------------

_LIBRARIES = ("torch", "jax", "jaxlib", "tensorflow", "autograd", "cupy", "mlx")
LOSSES = ("mse_loss", "l1_loss", "cross_entropy", "nll_loss", "kl_div", "huber_loss")
DRAWS = ("rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial")
_RENAMED = {
    "cat": "np.concatenate",
    "tensor": "np.array",
    "as_tensor": "np.asarray",
    "from_numpy": "np.asarray",
    "clamp": "np.clip",
    "mm": "np.matmul",
    "bmm": "np.matmul",
    "unsqueeze": "np.expand_dims",
    "permute": "np.transpose",
    "gather": "np.take_along_axis",
    "where": "np.where",
}


def function(value: object) -> str | None:
    """What there is in place of a function of another library; None of any other.

    >>> import math
    >>> function(math.exp) is None
    True
    """
    owner = getattr(value, "__self__", None)
    homes = [
        getattr(thing, "__module__", None) or ""
        for thing in (value, owner, type(value))
    ]
    if not any(home.partition(".")[0] in _LIBRARIES for home in homes):
        return None
    name = getattr(value, "__name__", "")
    return f"programs of NumPy are followed: write {named(name)}"


def present(owner: object, name: str) -> str | None:
    """Where this package has a function that is looked for elsewhere in it.

    >>> import adcompiler
    >>> present(adcompiler, "relu"), present(adcompiler, "relux"), present(np, "relu")
    ('it is ad.runtime.activations.relu', None, None)
    """
    ours = getattr(owner, "__name__", "").partition(".")[0] == "adcompiler"
    return f"it is {named(name)}" if ours and name in ACTIVATIONS else None


def named(name: str) -> str:
    """What a function of another library is here, by its name.

    >>> named("relu"), named("cat"), named("exp")
    ('ad.runtime.activations.relu', 'np.concatenate', 'np.exp')
    """
    if name in ACTIVATIONS:
        return f"{_RUNTIME}.activations.{name}"
    if name in (*LOSSES, *DRAWS, "dropout") or name.startswith("binary_cross_en"):
        return f"{_RUNTIME}.{name}"
    if name in _RENAMED:
        return _RENAMED[name]
    if callable(getattr(np, name, None)):
        return f"np.{name}"
    return "it with its functions"
