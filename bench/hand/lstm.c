/* An LSTM: the inputs' products are taken for all steps at once, before the loop, and
   those of the weights' cotangents after it. */
#include "glue.h"

typedef struct { double *W, *U, *b, *h, *c, *x, *wanted; int inputs, n, batch, steps; } Given;

static Given given(Args args) {
    Given g = {data(args[0]), data(args[1]), data(args[2]), data(args[3]), data(args[4]),
               data(args[5]), data(args[6]), length(args[0], 0), length(args[3], 1),
               length(args[5], 1), length(args[5], 0)};
    return g;
}

/* One step: the gates, before and after they are applied; its term. Where they are
   kept, `kept` has tanh(c). */
static double step(Given g, int t, double *gates, double *h0, double *c0, double *h1,
                   double *c1, double *kept) {
    int n = g.n;
    double total = 0.0, *wanted = g.wanted + (size_t)t * g.batch * n;
    gemm('N', 'N', g.batch, 4 * n, n, 1.0, h0, n, g.U, 4 * n, 1.0, gates, 4 * n);
    for (int r = 0; r < g.batch; r++) {
        double *restrict i = gates + r * 4 * n, *restrict f = i + n;
        double *restrict o = f + n, *restrict u = o + n;
        size_t at = (size_t)r * n;
#pragma omp simd
        for (int e = 0; e < 3 * n; e++) i[e] = 1.0 / (1.0 + exp(-i[e]));
#pragma omp simd reduction(+ : total)
        for (int e = 0; e < n; e++) {
            double a = tanh(u[e]);
            double c = f[e] * c0[at + e] + i[e] * a, s = tanh(c), h = o[e] * s;
            double d = h - wanted[at + e];
            u[e] = a, c1[at + e] = c, kept[at + e] = s, h1[at + e] = h;
            total += d * d;
        }
    }
    return total;
}

/* x @ W + b of all steps. */
static double *of_inputs(Given g) {
    int rows = g.steps * g.batch, m = 4 * g.n;
    double *gates = some((size_t)rows * m);
    for (int r = 0; r < rows; r++) memcpy(gates + (size_t)r * m, g.b, m * sizeof(double));
    gemm('N', 'N', rows, m, g.inputs, 1.0, g.x, g.inputs, g.W, m, 1.0, gates, m);
    return gates;
}

static PyObject *primal(PyObject *self, Args args, Py_ssize_t count) {
    Given g = given(args);
    size_t block = (size_t)g.batch * g.n;
    double *gates = of_inputs(g), total = 0.0;
    double *h[2] = {some(block), some(block)}, *c[2] = {some(block), some(block)};
    double *kept = some(block);
    memcpy(h[0], g.h, block * sizeof(double));
    memcpy(c[0], g.c, block * sizeof(double));
    for (int t = 0; t < g.steps; t++) {
        int a = t & 1;
        total += step(g, t, gates + 4 * t * block, h[a], c[a], h[!a], c[!a], kept);
    }
    free(gates), free(kept), free(h[0]), free(h[1]), free(c[0]), free(c[1]);
    return PyFloat_FromDouble(total);
}

static PyObject *value_and_grad(PyObject *self, Args args, Py_ssize_t count) {
    Given g = given(args);
    int n = g.n, m = 4 * n, rows = g.steps * g.batch;
    size_t block = (size_t)g.batch * n;
    double *gates = of_inputs(g), total = 0.0, *W_bar, *U_bar, *b_bar;
    double *hs = some(block * (g.steps + 1)), *cs = some(block * (g.steps + 1));
    double *kept = some(block * g.steps), *h_bar = zeros(block), *c_bar = zeros(block);
    PyObject *a = like(args[0], &W_bar), *b = like(args[1], &U_bar), *c = like(args[2], &b_bar);
    memcpy(hs, g.h, block * sizeof(double));
    memcpy(cs, g.c, block * sizeof(double));
    for (int t = 0; t < g.steps; t++)
        total += step(g, t, gates + 4 * t * block, hs + t * block, cs + t * block,
                      hs + (t + 1) * block, cs + (t + 1) * block, kept + t * block);

    memset(b_bar, 0, m * sizeof(double));
    for (int t = g.steps - 1; t >= 0; t--) {
        for (int r = 0; r < g.batch; r++) {
            size_t at = (size_t)r * n, from = t * block + at;
            double *restrict i = gates + 4 * from, *restrict f = i + n;
            double *restrict o = f + n, *restrict u = o + n;
            double *restrict h = hs + from + block, *restrict c0 = cs + from;
            double *restrict s = kept + from, *restrict wanted = g.wanted + from;
            double *restrict hb = h_bar + at, *restrict cb = c_bar + at;
#pragma omp simd
            for (int e = 0; e < n; e++) {
                double above = hb[e] + 2.0 * (h[e] - wanted[e]);
                double ob = above * s[e];
                double below = cb[e] + above * o[e] * (1.0 - s[e] * s[e]);
                double ib = below * u[e], ub = below * i[e], fb = below * c0[e];
                cb[e] = below * f[e];
                i[e] = ib * i[e] * (1.0 - i[e]);
                f[e] = fb * f[e] * (1.0 - f[e]);
                o[e] = ob * o[e] * (1.0 - o[e]);
                u[e] = ub * (1.0 - u[e] * u[e]);
            }
            for (int e = 0; e < m; e++) b_bar[e] += i[e];
        }
        gemm('N', 'T', g.batch, n, m, 1.0, gates + 4 * t * block, m, g.U, m, 0.0, h_bar, n);
    }
    gemm('T', 'N', g.inputs, m, rows, 1.0, g.x, g.inputs, gates, m, 0.0, W_bar, m);
    gemm('T', 'N', n, m, rows, 1.0, hs, n, gates, m, 0.0, U_bar, m);
    free(gates), free(hs), free(cs), free(kept), free(h_bar), free(c_bar);
    return Py_BuildValue("(d(NNN))", total, a, b, c);
}

MODULE(lstm, ENTRY(primal), ENTRY(value_and_grad))
