/* A mixture of Gaussians: a component at a time, its products by BLAS.

   The rows y = (x - mean) @ L.T of all components are kept, n * k * d numbers, as the
   weights of a point are known when all of its terms are. The cotangent of a mean needs
   no product by matrices: it is that of the sum of the rows' cotangents. */
#include "glue.h"

typedef struct { double *alphas, *means, *icf, *x, gamma, m; int n, d, k, packed; } Given;

static Given given(Args args) {
    Given g = {data(args[0]), data(args[1]), data(args[2]), data(args[3]),
               PyFloat_AS_DOUBLE(args[4]), PyFloat_AS_DOUBLE(args[5]),
               length(args[3], 0), length(args[3], 1), length(args[0], 0), length(args[2], 1)};
    return g;
}

/* The triangle of a component, as a matrix in rows; the sum of its logarithms. */
static double triangle(Given g, int j, double *L) {
    double *icf = g.icf + (size_t)j * g.packed, sum = 0.0;
    int p = g.d;
    for (int b = 0; b < g.d; b++) {
        sum += icf[b];
        L[b * g.d + b] = exp(icf[b]);
        for (int a = b + 1; a < g.d; a++) L[a * g.d + b] = icf[p++];
    }
    return sum;
}

static void centre(Given g, int j, double *restrict centred) {
    double *restrict mean = g.means + (size_t)j * g.d;
    for (int i = 0; i < g.n; i++)
        for (int a = 0; a < g.d; a++) centred[i * g.d + a] = g.x[i * g.d + a] - mean[a];
}

/* terms[j, i], and the rows y of component j. */
static void component(Given g, int j, double *L, double *centred, double *y, double *terms) {
    double base = g.alphas[j] + triangle(g, j, L);
    centre(g, j, centred);
    gemm('N', 'T', g.n, g.d, g.d, 1.0, centred, g.d, L, g.d, 0.0, y, g.d);
    for (int i = 0; i < g.n; i++) {
        double square = 0.0;
#pragma omp simd reduction(+ : square)
        for (int a = 0; a < g.d; a++) square += y[i * g.d + a] * y[i * g.d + a];
        terms[(size_t)j * g.n + i] = base - 0.5 * square;
    }
}

/* terms -> their shares of each point; the sum of the logarithms. */
static double shares(Given g, double *terms) {
    double *restrict most = some(g.n), *restrict sums = zeros(g.n), total = 0.0;
    memcpy(most, terms, g.n * sizeof(double));
    for (int j = 1; j < g.k; j++)
        for (int i = 0; i < g.n; i++) {
            double t = terms[(size_t)j * g.n + i];
            most[i] = t > most[i] ? t : most[i];
        }
    for (int j = 0; j < g.k; j++)
#pragma omp simd
        for (int i = 0; i < g.n; i++) {
            double e = exp(terms[(size_t)j * g.n + i] - most[i]);
            terms[(size_t)j * g.n + i] = e;
            sums[i] += e;
        }
#pragma omp simd reduction(+ : total)
    for (int i = 0; i < g.n; i++) {
        total += most[i] + log(sums[i]);
        sums[i] = 1.0 / sums[i];
    }
    for (int j = 0; j < g.k; j++)
        for (int i = 0; i < g.n; i++) terms[(size_t)j * g.n + i] *= sums[i];
    free(most);
    free(sums);
    return total;
}

/* The prior, and the part of the alphas. */
static double rest(Given g, double *weights) {
    double most = g.alphas[0], weight = 0.0, squares = 0.0, sums = 0.0;
    for (int j = 1; j < g.k; j++) most = fmax(most, g.alphas[j]);
    for (int j = 0; j < g.k; j++) weight += weights[j] = exp(g.alphas[j] - most);
    for (int j = 0; j < g.k; j++) weights[j] *= g.n / weight;
    for (int j = 0; j < g.k; j++) {
        double *icf = g.icf + (size_t)j * g.packed;
        for (int a = 0; a < g.d; a++) squares += exp(2.0 * icf[a]), sums += icf[a];
#pragma omp simd reduction(+ : squares)
        for (int a = g.d; a < g.packed; a++) squares += icf[a] * icf[a];
    }
    return -g.n * (most + log(weight)) + 0.5 * g.gamma * g.gamma * squares - g.m * sums;
}

static PyObject *primal(PyObject *self, Args args, Py_ssize_t count) {
    Given g = given(args);
    size_t rows = (size_t)g.n * g.d;
    double *L = zeros(g.d * g.d), *centred = some(rows), *y = some(rows);
    double *terms = some((size_t)g.n * g.k), *weights = some(g.k);
    for (int j = 0; j < g.k; j++) component(g, j, L, centred, y, terms);
    double total = shares(g, terms) + rest(g, weights);
    free(L), free(centred), free(y), free(terms), free(weights);
    return PyFloat_FromDouble(total);
}

static PyObject *value_and_grad(PyObject *self, Args args, Py_ssize_t count) {
    Given g = given(args);
    size_t rows = (size_t)g.n * g.d;
    double *L = zeros(g.d * g.d), *centred = some(rows), *ys = some(rows * g.k);
    double *terms = some((size_t)g.n * g.k), *weights = some(g.k);
    double *L_bar = some(g.d * g.d), *summed = some(g.d);
    double *alphas_bar, *means_bar, *icf_bar;
    PyObject *a = like(args[0], &alphas_bar), *b = like(args[1], &means_bar);
    PyObject *c = like(args[2], &icf_bar);
    for (int j = 0; j < g.k; j++) component(g, j, L, centred, ys + j * rows, terms);
    double total = shares(g, terms) + rest(g, weights);
    for (int j = 0; j < g.k; j++) {
        double *restrict y = ys + j * rows, *restrict share = terms + (size_t)j * g.n;
        double own = 0.0;
        memset(summed, 0, g.d * sizeof(double));
        for (int i = 0; i < g.n; i++) {
            own += share[i];
            for (int e = 0; e < g.d; e++) summed[e] -= y[i * g.d + e] *= -share[i];
        }
        triangle(g, j, L);
        centre(g, j, centred);
        gemm('T', 'N', g.d, g.d, g.n, 1.0, y, g.d, centred, g.d, 0.0, L_bar, g.d);
        gemv('T', g.d, g.d, 1.0, L, summed, 0.0, means_bar + (size_t)j * g.d);
        alphas_bar[j] = own - weights[j];
        double *icf = g.icf + (size_t)j * g.packed, *bar = icf_bar + (size_t)j * g.packed;
        double square = g.gamma * g.gamma;
        int p = g.d;
        for (int q = 0; q < g.d; q++) {
            double diagonal = L[q * g.d + q];
            bar[q] = own + L_bar[q * g.d + q] * diagonal + square * diagonal * diagonal - g.m;
            for (int e = q + 1; e < g.d; e++, p++) bar[p] = L_bar[e * g.d + q] + square * icf[p];
        }
    }
    free(L), free(centred), free(ys), free(terms), free(weights), free(L_bar), free(summed);
    return Py_BuildValue("(d(NNN))", total, a, b, c);
}

MODULE(gmm, ENTRY(primal), ENTRY(value_and_grad))
