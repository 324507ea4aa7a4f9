"""The functions that other tools differentiate, by their names in NumPy and SciPy.

`LISTS` has, by tool and module, what autograd has derivatives of (`numpy_vjps`,
`linalg`, `scipy`), the public functions of `jax.numpy`, its `linalg` and `fft`, of
`jax.scipy.special` and `jax.scipy.linalg`, and the operations that PyTorch
differentiates and NumPy or SciPy has too. Left out are types, constants, what reads and
writes files, and what NumPy itself has not.

`CALLS` has a call of each function that is not called like most: by the arrays below.
"""

from __future__ import annotations

LISTS: dict[str, dict[str, str]] = {
    "autograd": {
        "np": """\
abs absolute add amax amin angle append arccos arccosh arcsin arcsinh arctan arctan2
arctanh array_split astype atleast_1d atleast_2d atleast_3d broadcast_to clip
concatenate conj conjugate cos cosh cross cumsum deg2rad degrees diag diagonal diff
divide dot dsplit einsum exp exp2 expand_dims expm1 fabs fliplr flipud fmax fmin full
gradient hsplit hypot imag inner kron linspace log log10 log1p log2 logaddexp
logaddexp2 matmul max maximum mean min minimum mod moveaxis multiply nan_to_num
negative outer pad partition power prod rad2deg radians ravel real real_if_close
reciprocal remainder repeat reshape roll rollaxis rot90 select sin sinc sinh sort split
sqrt square squeeze stack std subtract sum swapaxes tan tanh tensordot tile trace
transpose tril triu true_divide var vsplit where""",
        "np.linalg": "cholesky det eig eigh inv norm pinv slogdet solve svd",
        "np.fft": """\
fft fft2 fftn fftshift ifft ifft2 ifftn ifftshift irfft irfft2 irfftn rfft rfft2
rfftn""",
        "special": """\
beta betainc betaln digamma erf erfc erfcinv erfinv expit gamma gammainc gammaincc
gammaln gammasgn i0 i1 iv ive j0 j1 jn jv logit logsumexp multigammaln polygamma psi
rgamma y0 y1 yn""",
        "linalg": "solve_banded solve_triangular sqrtm",
        "stats": """\
beta.cdf beta.logpdf beta.pdf chi2.cdf chi2.logpdf chi2.pdf dirichlet.logpdf
dirichlet.pdf gamma.cdf gamma.logpdf gamma.pdf multivariate_normal.entropy
multivariate_normal.logpdf multivariate_normal.pdf norm.cdf norm.logcdf norm.logpdf
norm.logsf norm.pdf norm.sf poisson.cdf poisson.logpmf poisson.pmf t.cdf t.logcdf
t.logpdf t.pdf""",
    },
    "jax": {
        "np": """\
abs absolute acos acosh add all allclose amax amin angle any append apply_along_axis
apply_over_axes arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax
argmin argpartition argsort argwhere around array array_equal array_equiv array_split
asarray asin asinh astype atan atan2 atanh atleast_1d atleast_2d atleast_3d average
bartlett bincount bitwise_and bitwise_count bitwise_invert bitwise_left_shift
bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman block broadcast_arrays
broadcast_shapes broadcast_to cbrt ceil choose clip column_stack compress concat
concatenate conj conjugate convolve copy copysign corrcoef correlate cos cosh
count_nonzero cov cross cumprod cumsum cumulative_prod cumulative_sum deg2rad degrees
delete diag diag_indices diag_indices_from diagflat diagonal diff digitize divide
divmod dot dsplit dstack ediff1d einsum empty empty_like equal exp exp2 expand_dims
expm1 extract eye fabs fill_diagonal flatnonzero flip fliplr flipud float_power floor
floor_divide fmax fmin fmod frexp fromfunction full full_like gcd geomspace gradient
greater greater_equal hamming hanning heaviside histogram histogram2d
histogram_bin_edges histogramdd hsplit hstack hypot i0 identity imag indices inner
insert interp intersect1d invert isclose iscomplex iscomplexobj isfinite isin isinf
isnan isneginf isposinf isreal isrealobj isscalar ix_ kaiser kron lcm ldexp left_shift
less less_equal lexsort linspace log log10 log1p log2 logaddexp logaddexp2 logical_and
logical_not logical_or logical_xor logspace matmul matrix_transpose matvec max maximum
mean median meshgrid min minimum mod modf moveaxis multiply nan_to_num nanargmax
nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod
nanquantile nanstd nansum nanvar ndim negative nextafter nonzero not_equal ones
ones_like outer pad partition percentile permute_dims piecewise place poly polyadd
polyder polydiv polyfit polyint polymul polysub polyval positive pow power prod ptp put
put_along_axis quantile rad2deg radians ravel ravel_multi_index real reciprocal
remainder repeat reshape resize result_type right_shift rint roll rollaxis roots rot90
round searchsorted select setdiff1d setxor1d shape sign signbit sin sinc sinh size sort
sort_complex spacing split sqrt square squeeze stack std subtract sum swapaxes take
take_along_axis tan tanh tensordot tile trace transpose trapezoid tri tril tril_indices
tril_indices_from trim_zeros triu triu_indices triu_indices_from true_divide trunc
union1d unique unique_counts unique_inverse unique_values unravel_index unstack unwrap
vander var vdot vecdot vecmat vectorize vsplit vstack where zeros zeros_like""",
        "np.linalg": """\
cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv lstsq matmul matrix_norm
matrix_power matrix_rank matrix_transpose multi_dot norm outer pinv qr slogdet solve svd
svdvals tensordot tensorinv tensorsolve trace vecdot vector_norm""",
        "np.fft": """\
fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft irfft2 irfftn
rfft rfft2 rfftfreq rfftn""",
        "special": """\
bernoulli beta betainc betaln boxcox boxcox1p comb dawsn digamma entr erf erfc erfcx
erfinv exp1 expi expit expn factorial fresnel gamma gammainc gammaincc gammaln gammasgn
hyp1f1 hyp2f1 i0 i0e i1 i1e kl_div log_ndtr log_softmax loggamma logit logsumexp
multigammaln ndtr ndtri owens_t poch polygamma rel_entr sici softmax spence wofz xlog1py
xlogy zeta""",
        "linalg": """\
block_diag cho_factor cho_solve cholesky circulant companion convolution_matrix det eigh
expm expm_frechet funm hadamard hankel hessenberg hilbert inv lu lu_factor lu_solve
pascal polar qr schur solve solve_sylvester solve_triangular sqrtm svd toeplitz""",
    },
    "torch": {
        "np": """\
abs acos acosh add amax amin angle argsort asin asinh atan atan2 atanh atleast_1d
broadcast_to cbrt ceil clip column_stack concatenate copysign cos cosh corrcoef cov
cross cumprod cumsum deg2rad diag diagflat diagonal diff divide dot dsplit dstack einsum
exp exp2 expm1 fix flatten flip fliplr flipud floor fmax fmin fmod gradient heaviside
hsplit hstack hypot i0 inner kron ldexp linspace log log10 log1p log2 logaddexp
logaddexp2 logspace matmul max maximum mean median meshgrid min minimum moveaxis
multiply nan_to_num nanmean nanmedian nanquantile nansum negative outer pad positive
power prod put_along_axis quantile rad2deg ravel reciprocal remainder repeat reshape
roll rot90 round select sign sin sinc sinh sort split sqrt square squeeze stack std
subtract sum swapaxes take take_along_axis tan tanh tensordot tile trace transpose
trapezoid tril triu true_divide trunc unravel_index vander var vdot vecdot vsplit vstack
where""",
        "np.linalg": """\
cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv lstsq matmul matrix_norm
matrix_power multi_dot norm pinv qr slogdet solve svd svdvals tensorinv tensorsolve
vecdot vector_norm""",
        "np.fft": """\
fft fft2 fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft irfft2 irfftn rfft
rfft2 rfftn""",
        "special": """\
digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammainc gammaincc gammaln i0 i0e i1
i1e j0 j1 k0 k0e k1 k1e log1p log_ndtr log_softmax logit logsumexp multigammaln ndtr
ndtri polygamma psi round sinc softmax xlog1py xlogy y0 y1 zeta""",
        "linalg": "block_diag expm lu lu_factor lu_solve solve_triangular",
    },
}

# x is (2, 3), y beside it, u between 0 and 1, w above 1, v of length 4, k integers, s
# a matrix, p a symmetric one that is positive definite, c (2, 3, 4), t a number.
CALLS = """\
np.append(x, v)
np.apply_along_axis(np.sum, 1, x)
np.apply_over_axes(np.sum, x, (0,))
np.arange(0.0, 3.0, 1.0) * x
np.array_split(v, 2)
np.array([t, t * t])
np.astype(x, np.float64)
np.average(x, axis=0, weights=w[:, 0])
np.bincount(k, v)
np.bitwise_and(k, 3) * v
np.bitwise_count(k) * v
np.bitwise_invert(k) * v
np.bitwise_left_shift(k, 1) * v
np.bitwise_not(k) * v
np.bitwise_or(k, 1) * v
np.bitwise_right_shift(k, 1) * v
np.bitwise_xor(k, 1) * v
np.bartlett(3) * x
np.blackman(3) * x
np.hamming(3) * x
np.hanning(3) * x
np.kaiser(3, 2.0) * x
np.block([[x, y], [y, x]])
np.broadcast_arrays(x, x[0])
np.broadcast_shapes((2, 1), (3,))[0] * x
np.broadcast_to(x[0], (2, 3))
np.choose(k, [v, v * v, w[0, 0] * v, v])
np.clip(x, -0.5, 0.5)
np.column_stack((v, v * v))
np.compress([True, False, True], x, axis=1)
np.concat((x, y))
np.concatenate((x, y), axis=1)
np.corrcoef(s)
np.cov(s)
np.cross(x, y)
np.delete(v, 1)
np.diag_indices(3)[0] * x
np.diag_indices_from(s)[0] * x
np.digitize(v, [0.0, 1.0]) * v
np.dsplit(c, 2)
np.dstack((x, y))
np.einsum("ij,kj->ik", x, y)
np.empty((2, 3)) * 0.0 + x
np.empty_like(x) * 0.0 + x
np.expand_dims(x, 0)
np.extract(x > 0.0, x)
np.eye(3) * s
np.fill_diagonal(s * 1.0, 2.0) or s
np.flatten(x)
np.fromfunction(lambda i: i, (3,)) * x
np.full((2, 3), t)
np.full_like(x, t)
np.gcd(k, 4) * v
np.lcm(k, 4) * v
np.geomspace(w[0, 0], 5.0, 4)
np.gradient(v)
np.histogram(v, 3)[1]
np.histogram2d(v, v * v, 3)[1]
np.histogramdd(x.T, 3)[1]
np.hsplit(c, 3)
np.hstack((x, y))
np.identity(3) * s
np.indices((2, 3))[1] * x
np.insert(v, 1, t)
np.interp(t, [0.0, 0.5, 1.5], v[:3])
np.intersect1d(v, v)
np.invert(k) * v
np.isin(k, [1, 2]) * v
np.isscalar(t) * x
np.ix_([0, 1], [2])[0] * x
np.ldexp(x, 2)
np.left_shift(k, 1) * v
np.lexsort((v,)) * v
np.linspace(t, 2.0, 4)
np.logspace(t, 2.0, 4)
np.matvec(s, x[0])
np.meshgrid(v, v * v)
np.moveaxis(c, 0, 2)
np.nextafter(x, 3.0)
np.ones((2, 3)) * x
np.pad(x, 1)
np.partition(v, 2)
np.argpartition(v, 2) * v
np.percentile(v, 30.0)
np.nanpercentile(v, 30.0)
np.permute_dims(c, (2, 0, 1))
np.piecewise(v, [v < 0.0], [-1.0, lambda r: r * r])
np.place(x * 1.0, x > 0.0, 1.0) or x
np.poly(v)
np.polyder(v)
np.polydiv(v, v[:2])[0]
np.polyfit([0.0, 1.0, 2.0, 3.0], v, 1)
np.polyint(v)
np.polymul(v, v)
np.polyval(v, t)
np.put(x * 1.0, [0], 1.0) or x
np.put_along_axis(x * 1.0, np.array([[0], [1]]), 1.0, 1) or x
np.quantile(v, 0.3)
np.nanquantile(v, 0.3)
np.ravel_multi_index(([0, 1], [1, 2]), (2, 3)) * x[0, 0]
np.repeat(x, 2, axis=0)
np.reshape(x, (3, 2))
np.resize(x, (3, 3))
np.result_type(x, 1) and x
np.right_shift(k, 1) * v
np.roll(x, 1, axis=1)
np.rollaxis(c, 2)
np.rot90(x)
np.searchsorted([0.0, 1.0], v) * v
np.select([x > 0.0], [x * x], 1.0)
np.setdiff1d(v, v[:1])
np.setxor1d(v, v[:1])
np.union1d(v, v[:1])
np.split(v, 2)
np.squeeze(x[None])
np.stack((x, y), axis=1)
np.swapaxes(c, 0, 2)
np.take(x, [0, 2], axis=1)
np.take_along_axis(x, np.array([[0], [1]]), axis=1)
np.tensordot(x, y.T, 1)
np.tile(x, (2, 1))
np.tri(3) * s
np.tril_indices(3)[0] * x[0, 0]
np.triu_indices(3)[0] * x[0, 0]
np.trim_zeros(v)
np.unravel_index([1, 4], (2, 3))[0] * x[0, 0]
np.unstack(x)
np.vecmat(x[0], s)
np.vectorize(lambda r: r * r, otypes=[float])(x)
np.vsplit(x, 2)
np.vstack((x, y))
np.where(x > 0.0, x, y)
np.zeros((2, 3)) + x
np.zeros_like(x) + x
np.ones_like(x) * x
np.dot(x, s)
np.matmul(x, s)
np.linalg.cholesky(p)
np.linalg.cross(x, y)
np.linalg.eigh(p)[0]
np.linalg.eigvalsh(p)
np.linalg.lstsq(x.T, x[0], rcond=None)[0]
np.linalg.matmul(x, s)
np.linalg.matrix_power(s, 3)
np.linalg.matrix_rank(s) * x
np.linalg.multi_dot([x, s, y.T])
np.linalg.outer(v, v)
np.linalg.slogdet(s)[1]
np.linalg.solve(s, x.T)
np.linalg.svd(x, full_matrices=False)[1]
np.linalg.tensordot(x, y)
np.linalg.tensorinv(c.reshape(2, 3, 4)[:, :, :1].reshape(6)[:4].reshape(2, 2), ind=1)
np.linalg.tensorsolve(s, x[0])
np.linalg.trace(s)
np.linalg.eig(p)[0]
np.linalg.eigvals(p)
np.fft.fftfreq(4) * v
np.fft.rfftfreq(4) * v[:3]
np.fft.fftshift(x)
np.fft.ifftshift(v)
special.bernoulli(3)[0] * x
special.betainc(2.0, 3.0, u)
special.boxcox(w, 0.3)
special.boxcox1p(w, 0.3)
special.comb(5, 2) * x
special.expn(2, w)
special.factorial(4) * x
special.fresnel(x)[0]
special.gammainc(2.0, w)
special.gammaincc(2.0, w)
special.gammasgn(x) * x
special.hyp1f1(1.0, 2.0, x)
special.hyp2f1(1.0, 2.0, 3.0, u)
special.iv(1.0, w)
special.ive(1.0, w)
special.jn(1, w)
special.jv(1.0, w)
special.yn(1, w)
special.multigammaln(w + 2.0, 2)
special.owens_t(x, t)
special.poch(w, 2.0)
special.polygamma(1, w)
special.sici(w)[0]
special.wofz(x).real
special.zeta(2.0, w)
linalg.cho_factor(p)[0] * np.triu(np.ones(p.shape))
linalg.cho_solve((np.linalg.cholesky(p), True), x.T)
linalg.cholesky(p)
linalg.circulant(v)
linalg.companion(v)
linalg.hankel(v)
linalg.toeplitz(v)
linalg.convolution_matrix(v, 3)
linalg.eigh(p, eigvals_only=True)
linalg.expm_frechet(s * 0.2, s)[1]
linalg.funm(p, np.exp)
linalg.hadamard(4)[0] * v
linalg.hilbert(3) * s
linalg.pascal(3) * s
linalg.lu(s)[2]
linalg.lu_factor(s)[0]
linalg.lu_solve(linalg.lu_factor(s), x[0])
linalg.polar(s)[0]
linalg.qr(s)[1]
linalg.schur(p)[0]
linalg.solve(s, x.T)
linalg.solve_banded((1, 1), np.abs(s) + 1.0, x[0])
linalg.solve_sylvester(s, p, s)
linalg.solve_triangular(s, x[0])
linalg.sqrtm(p)
linalg.svd(x, full_matrices=False)[1]
stats.beta.cdf(u, 2.0, 3.0)
stats.beta.logpdf(u, w, 3.0)
stats.beta.pdf(u, w, 3.0)
stats.chi2.cdf(w, 3.0)
stats.chi2.logpdf(w, 3.0)
stats.chi2.pdf(w, 3.0)
stats.dirichlet.logpdf(np.full(3, 1.0 / 3.0), w[0])
stats.dirichlet.pdf(np.full(3, 1.0 / 3.0), w[0])
stats.gamma.cdf(w, 2.0)
stats.gamma.logpdf(w, y + 2.0)
stats.gamma.pdf(w, y + 2.0)
stats.multivariate_normal.entropy(cov=s @ s.T)
stats.multivariate_normal.logpdf(x, x[0] * 0.5, s @ s.T)
stats.multivariate_normal.pdf(x, x[0] * 0.5, s @ s.T)
stats.norm.cdf(x, y, w)
stats.norm.logcdf(x, y, w)
stats.norm.logpdf(x, y, w)
stats.norm.logsf(x, y, w)
stats.norm.pdf(x, y, w)
stats.norm.sf(x, y, w)
stats.poisson.cdf(k, w[0, 0])
stats.poisson.logpmf(k, w[0, 0])
stats.poisson.pmf(k, w[0, 0])
stats.t.cdf(x, 4.0)
stats.t.logcdf(x, 4.0)
stats.t.logpdf(x, w)
stats.t.pdf(x, w)
""".splitlines()
