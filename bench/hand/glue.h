/* What the adjoints written by hand share: arrays of NumPy, BLAS, a module of functions.

   Each file defines functions that take Python's arguments as they come
   (METH_FASTCALL), so that a call of theirs costs what a call of an extension costs.
   Arguments are C contiguous and of the type REAL; nothing is checked. */
#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <math.h>
#include <numpy/arrayobject.h>
#include <stdlib.h>
#include <string.h>

/* libmvec has forms of these on vectors, which glibc's headers offer to -ffast-math
   alone: the code here is compiled without, and names them itself. */
#pragma omp declare simd notinbranch
double exp(double);
#pragma omp declare simd notinbranch
double log(double);
#pragma omp declare simd notinbranch
double tanh(double);
#pragma omp declare simd notinbranch
double erf(double);
#pragma omp declare simd notinbranch
float expf(float);
#pragma omp declare simd notinbranch
float tanhf(float);

#ifndef REAL
#define REAL double
#endif
#define IS_FLOAT (sizeof(REAL) == 4)

typedef PyObject *const *Args;

static inline REAL *data(PyObject *a) { return PyArray_DATA((PyArrayObject *)a); }

static inline npy_intp length(PyObject *a, int axis) {
    return PyArray_DIM((PyArrayObject *)a, axis);
}

/* A new array of the shape of another, not initialised. */
static inline PyObject *like(PyObject *a, REAL *restrict *where) {
    PyArrayObject *x = (PyArrayObject *)a;
    PyObject *made = PyArray_SimpleNew(PyArray_NDIM(x), PyArray_DIMS(x), PyArray_TYPE(x));
    *where = data(made);
    return made;
}

static inline REAL *zeros(npy_intp count) { return calloc(count, sizeof(REAL)); }
static inline REAL *some(npy_intp count) { return malloc(count * sizeof(REAL)); }

/* --- BLAS, as SciPy has it ---------------------------------------------------- */

typedef void (*Gemm)(char *, char *, int *, int *, int *, REAL *, REAL *, int *, REAL *,
                     int *, REAL *, REAL *, int *);
typedef void (*Gemv)(char *, int *, int *, REAL *, REAL *, int *, REAL *, int *, REAL *,
                     REAL *, int *);
static Gemm blas_gemm;
static Gemv blas_gemv;

static void *blas(const char *name) {
    PyObject *module = PyImport_ImportModule("scipy.linalg.cython_blas");
    PyObject *table = PyObject_GetAttrString(module, "__pyx_capi__");
    PyObject *capsule = PyDict_GetItemString(table, name);
    return PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule));
}

static inline void find_blas(void) {
    blas_gemm = (Gemm)blas(IS_FLOAT ? "sgemm" : "dgemm");
    blas_gemv = (Gemv)blas(IS_FLOAT ? "sgemv" : "dgemv");
}

/* c[m, n] = alpha * op(a) @ op(b) + beta * c, of matrices in rows; 'T' transposes. */
static inline void gemm(char ta, char tb, int m, int n, int k, REAL alpha, REAL *a, int lda,
                        REAL *b, int ldb, REAL beta, REAL *c, int ldc) {
    blas_gemm(&tb, &ta, &n, &m, &k, &alpha, b, &ldb, a, &lda, &beta, c, &ldc);
}

/* y = alpha * op(a) @ x + beta * y, of a matrix a[m, n] in rows. */
static inline void gemv(char ta, int m, int n, REAL alpha, REAL *a, REAL *x, REAL beta,
                        REAL *y) {
    char flipped = ta == 'N' ? 'T' : 'N';
    int one = 1;
    blas_gemv(&flipped, &n, &m, &alpha, a, &n, x, &one, &beta, y, &one);
}

/* --- A module of two functions -------------------------------------------------- */

#define ENTRY(name) \
    {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}

#define MODULE(module, ...)                                                       \
    static PyMethodDef methods[] = {__VA_ARGS__, {NULL, NULL, 0, NULL}};          \
    static struct PyModuleDef definition = {                                      \
        PyModuleDef_HEAD_INIT, #module, NULL, -1, methods, NULL, NULL, NULL, NULL}; \
    PyMODINIT_FUNC PyInit_##module(void) {                                        \
        import_array();                                                           \
        find_blas();                                                              \
        return PyModule_Create(&definition);                                      \
    }
