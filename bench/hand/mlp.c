/* Three layers and the cross entropy; one row is multiplied as a vector. */
#include "glue.h"

#define EXP(x) (IS_FLOAT ? expf(x) : exp(x))

typedef struct { REAL *W, *b, *out; int in, to; } Layer;
typedef struct { Layer layers[3]; REAL *x, *labels; int rows; } Given;

static Given given(Args args) {
    Given g = {.x = data(args[6]), .labels = data(args[7]), .rows = length(args[6], 0)};
    for (int k = 0; k < 3; k++) {
        PyObject *W = args[2 * k];
        Layer layer = {data(W), data(args[2 * k + 1]), NULL, length(W, 0), length(W, 1)};
        layer.out = some((size_t)g.rows * layer.to);
        g.layers[k] = layer;
    }
    return g;
}

static void done(Given g) {
    for (int k = 0; k < 3; k++) free(g.layers[k].out);
}

static void apply(Layer y, REAL *x, int rows, int last) {
    for (int r = 0; r < rows; r++) memcpy(y.out + (size_t)r * y.to, y.b, y.to * sizeof(REAL));
    if (rows == 1)
        gemv('T', y.in, y.to, 1, y.W, x, 1, y.out);
    else
        gemm('N', 'N', rows, y.to, y.in, 1, x, y.in, y.W, y.to, 1, y.out, y.to);
    if (last) return;
    for (size_t e = 0; e < (size_t)rows * y.to; e++) y.out[e] = y.out[e] > 0 ? y.out[e] : 0;
}

/* The loss; what the last layer gave becomes the logits' cotangents. */
static REAL loss(Given g) {
    Layer last = g.layers[2];
    REAL total = 0, scale = (REAL)1 / g.rows;
    apply(g.layers[0], g.x, g.rows, 0);
    apply(g.layers[1], g.layers[0].out, g.rows, 0);
    apply(last, g.layers[1].out, g.rows, 1);
    for (int r = 0; r < g.rows; r++) {
        REAL *restrict z = last.out + (size_t)r * last.to;
        REAL *restrict labels = g.labels + (size_t)r * last.to;
        REAL most = z[0], sum = 0, kept[last.to], weight = 0;
        for (int e = 1; e < last.to; e++) most = z[e] > most ? z[e] : most;
#pragma omp simd reduction(+ : sum)
        for (int e = 0; e < last.to; e++) sum += kept[e] = EXP(z[e] - most);
        REAL log_sum = most + log(sum);
        for (int e = 0; e < last.to; e++) {
            total += labels[e] * (z[e] - log_sum);
            weight += labels[e];
        }
        for (int e = 0; e < last.to; e++)
            z[e] = scale * (weight * kept[e] / sum - labels[e]);
    }
    return -total * scale;
}

static PyObject *number(REAL x) {
    if (!IS_FLOAT) return PyFloat_FromDouble(x);
    PyArray_Descr *type = PyArray_DescrFromType(NPY_FLOAT);
    PyObject *made = PyArray_Scalar(&x, type, NULL);
    Py_DECREF(type);
    return made;
}

static PyObject *primal(PyObject *self, Args args, Py_ssize_t count) {
    Given g = given(args);
    REAL total = loss(g);
    done(g);
    return number(total);
}

/* The cotangents of a layer's weights and, where there is a layer below, of what it
   took, which takes the place of that. */
static void back(Layer y, REAL *x, int rows, REAL *W_bar, REAL *b_bar, REAL *scratch) {
    memset(b_bar, 0, y.to * sizeof(REAL));
    for (int r = 0; r < rows; r++)
        for (int e = 0; e < y.to; e++) b_bar[e] += y.out[(size_t)r * y.to + e];
    if (rows == 1) {
        for (int i = 0; i < y.in; i++)
            for (int e = 0; e < y.to; e++) W_bar[(size_t)i * y.to + e] = x[i] * y.out[e];
        if (scratch) gemv('N', y.in, y.to, 1, y.W, y.out, 0, scratch);
    } else {
        gemm('T', 'N', y.in, y.to, rows, 1, x, y.in, y.out, y.to, 0, W_bar, y.to);
        if (scratch)
            gemm('N', 'T', rows, y.in, y.to, 1, y.out, y.to, y.W, y.to, 0, scratch, y.in);
    }
    if (!scratch) return;
    for (size_t e = 0; e < (size_t)rows * y.in; e++) x[e] = x[e] > 0 ? scratch[e] : 0;
}

static PyObject *value_and_grad(PyObject *self, Args args, Py_ssize_t count) {
    Given g = given(args);
    REAL total = loss(g), *bars[6], *scratch = some((size_t)g.rows * g.layers[0].to);
    PyObject *made[6];
    for (int k = 0; k < 6; k++) made[k] = like(args[k], (REAL *restrict *)&bars[k]);
    back(g.layers[2], g.layers[1].out, g.rows, bars[4], bars[5], scratch);
    back(g.layers[1], g.layers[0].out, g.rows, bars[2], bars[3], scratch);
    back(g.layers[0], g.x, g.rows, bars[0], bars[1], NULL);
    free(scratch);
    done(g);
    return Py_BuildValue("(N(NNNNNN))", number(total), made[0], made[1], made[2], made[3],
                         made[4], made[5]);
}

MODULE(mlp, ENTRY(primal), ENTRY(value_and_grad))
