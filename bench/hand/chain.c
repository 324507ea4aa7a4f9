/* sum(y * exp(-y * y)) of y = tanh(x): one pass, of vector instructions. */
#include "glue.h"

static PyObject *primal(PyObject *self, Args args, Py_ssize_t count) {
    double *x = data(args[0]), total = 0.0;
    npy_intp n = length(args[0], 0);
#pragma omp simd reduction(+ : total)
    for (npy_intp i = 0; i < n; i++) {
        double y = tanh(x[i]);
        total += y * exp(-y * y);
    }
    return PyFloat_FromDouble(total);
}

static PyObject *value_and_grad(PyObject *self, Args args, Py_ssize_t count) {
    double *restrict x_bar, *restrict x = data(args[0]), total = 0.0;
    npy_intp n = length(args[0], 0);
    PyObject *result = like(args[0], &x_bar);
#pragma omp simd reduction(+ : total)
    for (npy_intp i = 0; i < n; i++) {
        double y = tanh(x[i]), z = exp(-y * y);
        total += y * z;
        x_bar[i] = z * (1.0 - 2.0 * y * y) * (1.0 - y * y);
    }
    return Py_BuildValue("(dN)", total, result);
}

/* The memory floor: what is read and written at least. */
static PyObject *floor_of(PyObject *self, Args args, Py_ssize_t count) {
    double *restrict x_bar, *restrict x = data(args[0]);
    npy_intp n = length(args[0], 0);
    PyObject *result = like(args[0], &x_bar);
    for (npy_intp i = 0; i < n; i++) x_bar[i] = 2.0 * x[i];
    return Py_BuildValue("(dN)", 0.0, result);
}

MODULE(chain, ENTRY(primal), ENTRY(value_and_grad), ENTRY(floor_of))
