r"""The updates of SGD and Adam: one pass over memory, where NumPy would make one for each sign.

The formulas stand in `lucid.optim.SGD` and `lucid.optim.Adam`; here x is the parameter, g its
gradient, and the other arrays are what the optimizer remembers. Threads take blocks of `BLOCK`
elements, so that the bits do not depend on them.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt, sqrtf

from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements


cdef inline real root(real x) noexcept nogil:
    return sqrtf(x) if real is float else sqrt(x)


cdef inline void plain_block(
    real *x, const real *g, real rate, real decay, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        x[i] -= rate * (g[i] + decay * x[i])


def sgd(real[::1] x not None, const real[::1] g not None, double rate, double decay, int threads):
    """Move x along its gradient."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        plain_block(
            &x[block * BLOCK], &g[block * BLOCK], <real> rate, <real> decay,
            min(BLOCK, count - block * BLOCK),
        )


cdef inline void momentum_block(
    real *x, const real *g, real *mean, real rate, real decay, real momentum, real share,
    bint nesterov, Py_ssize_t count,
) noexcept nogil:
    cdef Py_ssize_t i
    cdef real grad
    for i in range(count):
        grad = g[i] + decay * x[i]
        mean[i] = momentum * mean[i] + share * grad
        x[i] -= rate * (grad + momentum * mean[i] if nesterov else mean[i])


def sgd_momentum(
    real[::1] x not None, const real[::1] g not None, real[::1] mean not None, double rate,
    double decay, double momentum, double share, bint nesterov, int threads,
):
    """Move x along the running mean of its gradients, to which g adds its share."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        momentum_block(
            &x[block * BLOCK], &g[block * BLOCK], &mean[block * BLOCK], <real> rate, <real> decay,
            <real> momentum, <real> share, nesterov, min(BLOCK, count - block * BLOCK),
        )


cdef struct Adam:
    double keep, decay  # x is multiplied by `keep`; `decay` of it goes into the gradient
    double beta1, beta2, eps
    double rate, root  # the learning rate and the root of the squares, both corrected for step t


cdef inline void adam_block(
    real *x, const real *g, real *m, real *v, real *largest, const Adam *rule, Py_ssize_t count
) noexcept nogil:
    cdef real keep = <real> rule.keep, decay = <real> rule.decay, eps = <real> rule.eps
    cdef real beta1 = <real> rule.beta1, share1 = <real> (1 - rule.beta1)
    cdef real beta2 = <real> rule.beta2, share2 = <real> (1 - rule.beta2)
    cdef real rate = <real> rule.rate, scale = <real> rule.root, grad
    cdef Py_ssize_t i
    for i in range(count):
        grad = g[i] + decay * x[i]
        m[i] = beta1 * m[i] + share1 * grad
        v[i] = beta2 * v[i] + share2 * (grad * grad)
    if largest != NULL:
        for i in range(count):
            largest[i] = largest[i] if largest[i] > v[i] else v[i]
        v = largest
    for i in range(count):
        x[i] = keep * x[i] - rate * m[i] / (root(v[i]) * scale + eps)


def adam(
    real[::1] x not None, const real[::1] g not None, real[::1] m not None, real[::1] v not None,
    real[::1] largest, double keep, double decay, double beta1, double beta2, double eps,
    double rate, double scale, int threads,
):
    """Move x by its mean gradient m over the root of its mean square v, or of the largest v."""
    cdef Py_ssize_t block, count = x.shape[0]
    cdef bint has_largest = largest is not None
    cdef Adam rule
    rule.keep, rule.decay, rule.beta1, rule.beta2 = keep, decay, beta1, beta2
    rule.eps, rule.rate, rule.root = eps, rate, scale
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        adam_block(
            &x[block * BLOCK], &g[block * BLOCK], &m[block * BLOCK], &v[block * BLOCK],
            &largest[block * BLOCK] if has_largest else NULL, &rule,
            min(BLOCK, count - block * BLOCK),
        )
