/* The sum of the prices of European calls, and its Greeks, one pass. */
#include "glue.h"

static inline double normal(double d) { return 0.5 * (1.0 + erf(d * M_SQRT1_2)); }

static PyObject *primal(PyObject *self, Args args, Py_ssize_t count) {
    double *restrict spot = data(args[0]), *restrict strike = data(args[1]);
    double *restrict time = data(args[2]), *restrict vol = data(args[3]);
    double rate = PyFloat_AS_DOUBLE(args[4]), total = 0.0;
    npy_intp n = length(args[0], 0);
#pragma omp simd reduction(+ : total)
    for (npy_intp i = 0; i < n; i++) {
        double spread = vol[i] * sqrt(time[i]);
        double d1 = (log(spot[i] / strike[i]) + (rate + 0.5 * vol[i] * vol[i]) * time[i]) / spread;
        double paid = strike[i] * exp(-rate * time[i]);
        total += spot[i] * normal(d1) - paid * normal(d1 - spread);
    }
    return PyFloat_FromDouble(total);
}

static PyObject *value_and_grad(PyObject *self, Args args, Py_ssize_t count) {
    double *restrict spot = data(args[0]), *restrict strike = data(args[1]);
    double *restrict time = data(args[2]), *restrict vol = data(args[3]);
    double rate = PyFloat_AS_DOUBLE(args[4]), total = 0.0, rho = 0.0;
    double *restrict delta, *restrict theta, *restrict vega;
    npy_intp n = length(args[0], 0);
    PyObject *spot_bar = like(args[0], &delta), *time_bar = like(args[0], &theta);
    PyObject *vol_bar = like(args[0], &vega);
#pragma omp simd reduction(+ : total, rho)
    for (npy_intp i = 0; i < n; i++) {
        double root = sqrt(time[i]), spread = vol[i] * root;
        double d1 = (log(spot[i] / strike[i]) + (rate + 0.5 * vol[i] * vol[i]) * time[i]) / spread;
        double paid = strike[i] * exp(-rate * time[i]) * normal(d1 - spread);
        double in_money = normal(d1);
        /* spot * density(d1) == discounted strike * density(d2) */
        double density = spot[i] * (0.5 * M_2_SQRTPI * M_SQRT1_2) * exp(-0.5 * d1 * d1);
        total += spot[i] * in_money - paid;
        delta[i] = in_money;
        vega[i] = density * root;
        theta[i] = 0.5 * density * vol[i] / root + rate * paid;
        rho += time[i] * paid;
    }
    return Py_BuildValue("(d(NNNd))", total, spot_bar, time_bar, vol_bar, rho);
}

MODULE(black_scholes, ENTRY(primal), ENTRY(value_and_grad))
