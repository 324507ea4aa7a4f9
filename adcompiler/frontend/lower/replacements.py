"""What to write instead of functions that are not supported.

In: the name of a function, as programs write it. Out: a hint, or None.
"""

from __future__ import annotations

DRAW = (
    "draw outside, and pass the numbers as an argument; or by ad.runtime: rand, randn, "
    "normal, randint, ..."
)

# By the name as it is written; {0} and {1} are the first arguments.
INSTEAD = {
    **dict.fromkeys(
        ["np.fft.fft", "np.fft.rfft", "np.fft.ihfft"],
        "the result is complex; its parts are products with np.cos(k) and -np.sin(k), "
        "k = 2 * np.pi * np.outer(np.arange(m), np.arange(n)) / n",
    ),
    **dict.fromkeys(
        ["np.fft.ifft", "np.fft.irfft", "np.fft.hfft"],
        "spectra are complex: carry the two parts, re and im; the result is their sum "
        "over k: np.cos(w) @ re - np.sin(w) @ im, w = 2 * np.pi * np.outer(n, k) / len",
    ),
    **dict.fromkeys(
        [f"np.fft.{i}{r}fft{n}" for i in ("", "i") for r in ("", "r") for n in "2n"],
        "the result is complex; take one axis after the other, as products with "
        "np.cos(k) and np.sin(k)",
    ),
    **dict.fromkeys(
        ["np.frompyfunc"], "call it on arrays: f(x), or np.vectorize(f, otypes=[float])"
    ),
    **dict.fromkeys(
        ["np.complex128", "np.complex64", "np.emath.sqrt", "np.lib.scimath.sqrt"],
        "the result may be complex: use two real numbers, or np.sqrt of what is not "
        "negative",
    ),
    "np.sort_complex": "of real numbers it is np.sort(x)",
    "np.real_if_close": "of real numbers it is the array itself",
    **dict.fromkeys(
        ["scipy.fft.fft", "scipy.fft.rfft", "scipy.fft.dct", "scipy.fft.dst"],
        "multiply by the matrix of the transform: scipy.fft.dct(np.eye(n)).T @ x; of a "
        "complex one by its two parts",
    ),
    **dict.fromkeys(
        [f"linalg.{name}" for name in ("hadamard", "pascal", "dft", "helmert")],
        "it depends on no variable: make it outside, and read it in the function",
    ),
    **dict.fromkeys(
        ["linalg.schur", "linalg.hessenberg"],
        "of a symmetric matrix: w, v = np.linalg.eigh(x); else np.linalg.qr(x)",
    ),
    "linalg.funm": "of a symmetric matrix: w, v = np.linalg.eigh(x), "
    "then (v * f(w)) @ v.T",
    **dict.fromkeys(
        ["linalg.null_space", "linalg.orth"],
        "take vectors of u, s, vh = np.linalg.svd(x): those of s == 0 are vh[k:]",
    ),
    **dict.fromkeys(
        ["linalg.solve_toeplitz", "linalg.solve_circulant"],
        "solve with the matrix: np.linalg.solve(linalg.toeplitz(c), b)",
    ),
    **dict.fromkeys(
        ["np.histogram2d", "np.histogramdd"],
        "count by np.histogram, or np.add.at(counts, (i, j), 1) with indices of bins",
    ),
    **dict.fromkeys(
        ["np.unique_counts", "np.unique_inverse", "np.unique_all"],
        "name what is wanted: np.unique(x, return_counts=True, return_inverse=True)",
    ),
    **dict.fromkeys(
        ["np.nextafter", "np.spacing"], "of one number: math.nextafter, math.ulp"
    ),
    "np.frexp": "of one number: math.frexp; of arrays the exponents are "
    "np.floor(np.log2(np.abs(x))) + 1",
    "np.result_type": "it is known: write float, or x.dtype",
    **dict.fromkeys(
        ["special.comb", "special.factorial", "special.bernoulli", "special.perm"],
        "of integers: math.comb(n, k), math.factorial(n); or compute it outside",
    ),
    "special.zeta": "of integers n > 1: special.polygamma(n - 1, x) * (-1) ** n / "
    "math.factorial(n - 1)",
    "special.sici": "state its derivatives, np.sin(x) / x and np.cos(x) / x, by "
    "ad.custom_vjp",
    "special.fresnel": "state its derivatives, the sine and cosine of "
    "np.pi * x**2 / 2, by ad.custom_vjp",
    "special.owens_t": "state its derivatives by ad.custom_vjp",
    "special.poch": "np.exp(special.gammaln(z + m) - special.gammaln(z)), z > 0",
    "special.wofz": "the result is complex; of real numbers its parts are "
    "np.exp(-x**2) and 2 / np.sqrt(np.pi) * special.dawsn(x)",
    "np.roots": "the result is complex; find a real root by Newton's method",
    "linalg.logm": "of a symmetric matrix: w, v = np.linalg.eigh(x), "
    "then (v * np.log(w)) @ v.T",
    "linalg.lstsq": "use np.linalg.lstsq",
    **dict.fromkeys(
        ["linalg.eig", "linalg.eigvals"], "use np.linalg.eig, if its values are real"
    ),
    **dict.fromkeys(
        ["set", "frozenset"], "compare with each value: a == 1 or a == 2; or np.unique"
    ),
    "complex": "use two real numbers",
    **dict.fromkeys(["bytes", "bytearray"], "use a str, or an array of integers"),
    "vars": "name each attribute: p.x",
    "dir": "name each attribute: p.x",
    **dict.fromkeys(["id", "hash"], "compare by 'is' or by =="),
    "input": "read it outside, and pass it as an argument",
    **dict.fromkeys(["eval", "exec", "compile"], "write the code itself"),
    **dict.fromkeys(["locals", "globals"], "write the name itself"),
    "functools.lru_cache": "call the function itself",
    "np.poly1d": "evaluate it: np.polyval(p, x)",
    "np.polynomial.Polynomial": "evaluate it: np.polynomial.polynomial.polyval(x, c)",
    **dict.fromkeys(
        ["np.save", "np.savez", "np.savetxt", "np.load", "np.loadtxt"],
        "do it outside, and pass what is read as an argument",
    ),
    "super": "name the class: Base.f(self)",
    **dict.fromkeys(
        ["np.nditer", "np.ndenumerate", "np.ndindex"],
        "loop over ranges: for i in range(x.shape[0]), for j in range(x.shape[1])",
    ),
    "np.lib.stride_tricks.as_strided": "take slices, or "
    "np.lib.stride_tricks.sliding_window_view(x, n)",
    "np.matrix": "use arrays, and @ for products",
    "np.datetime64": "pass the time as a number",
    **dict.fromkeys(
        ["stats.norm", "stats.gamma", "stats.beta", "stats.t", "stats.expon"],
        "call it with loc and scale: stats.norm.logpdf(x, loc, scale)",
    ),
    "np.add.reduceat": "add the parts: np.array([np.sum(x[a:b]) for a, b in bounds])",
    "special.softplus": "np.logaddexp(0.0, x)",
    "special.binom": "np.exp(special.gammaln(n + 1) - special.gammaln(k + 1) - "
    "special.gammaln(n - k + 1))",
    **dict.fromkeys(
        ["integrate.solve_ivp", "integrate.odeint"],
        "write the steps as a loop: for k in range(n): y = y + h * f(t[k], y)",
    ),
    "np.fromiter": "write a list: np.array([f(v) for v in x])",
}


# Of the other functions of a module.
OF_MODULES = {
    "integrate": "sample the integrand: integrate.simpson(f(v), x=v)",
    "optimize": "call it outside, and state the derivative of what it finds by "
    "ad.custom_vjp; or write Newton's steps as a loop",
    "interpolate": "np.interp between points; the coefficients of a spline solve a "
    "system: np.linalg.solve",
    "signal": "np.convolve, np.correlate, or a loop over the samples",
    "ndimage": "add slices that are shifted, or "
    "np.lib.stride_tricks.sliding_window_view(x, n) @ weights",
    "sparse": "use arrays: a.toarray(); or add entry by entry: "
    "np.add.at(y, i, v * x[j])",
    **dict.fromkeys(
        ["distance", "spatial"],
        "np.sqrt(np.sum((x[:, None] - y) ** 2, axis=-1)) are distances of points",
    ),
    "stats": "write the formula; docs/functions.md has what there is of stats",
    "special": "state its derivative by ad.custom_vjp",
    "np.polynomial": "np.polynomial.polynomial.polyval(x, c), of powers of x",
    "np.ma": "np.where(mask, 0.0, x), or x[~mask]",
    "np.testing": "test outside, or write assert",
}


def of(*names: str) -> str | None:
    """What to write instead of a function, of which these are names.

    >>> of("np.matrix")
    'use arrays, and @ for products'
    >>> of("scipy.integrate.quad")
    'sample the integrand: integrate.simpson(f(v), x=v)'
    """
    for name in names:
        if name in INSTEAD:
            return INSTEAD[name]
        if name.endswith(".rvs"):
            return DRAW
    for name in names:
        words = name.removeprefix("scipy.").split(".")[:-1]
        for count in (2, 1):
            found = OF_MODULES.get(".".join(words[:count]))
            if found is not None:
                return found
    return None
