r"""The transforms of Winograd's minimal filtering along one axis, each a plain loop over lanes.

F(m, 3) computes m neighbouring outputs of a kernel of 3 taps from m + 2 inputs with m + 2 products
instead of 3 m:

.. math:: y = A^T [(G w) \circ (B^T x)].

It is a product of polynomials, read backwards: both factors are evaluated at m + 2 points, infinity
among them, multiplied there, and interpolated. F(2, 3) takes 0, 1, -1. F(4, 3) takes 0, a, -a, b,
-b with a = 5/8 and b = 3/2 instead of the usual 1 and 2: the nearer to 1 they are, the less their
powers differ, and the error is a third, at no cost. With :math:`p = a^2 b^2, s = a^2 + b^2`::

          | p   0       -s    0    1  0 |      | 1/p      0       0      |      | 1  0   0    0   |
          | 0  -a b^2   -b^2  a    1  0 |      | 1/n_a    a/n_a  a^2/n_a |      | 1  a   a^2  a^3 |
    B^T = | 0   a b^2   -b^2 -a    1  0 |  G = | 1/n_a   -a/n_a  a^2/n_a |  A = | 1 -a   a^2 -a^3 |
          | 0  -b a^2   -a^2  b    1  0 |      | 1/n_b    b/n_b  b^2/n_b |      | 1  b   b^2  b^3 |
          | 0   b a^2   -a^2 -b    1  0 |      | 1/n_b   -b/n_b  b^2/n_b |      | 1 -b   b^2 -b^3 |
          | 0   p        0   -s    0  1 |      | 0        0       1      |      | 0  0   0    1   |

    n_a = 2 a^2 (a^2 - b^2)     n_b = 2 b^2 (b^2 - a^2)

and for F(2, 3)::

          | -1  0  1  0 |       | -1    0    0  |      | 1  0 |
    B^T = |  0  1  1  0 |   G = | 1/2  1/2  1/2 |  A = | 1  1 |
          |  0 -1  1  0 |       | 1/2 -1/2  1/2 |      | 1 -1 |
          |  0 -1  0  1 |       |  0    0    1  |      | 0  1 |

A gradient needs the same three matrices turned. Every function reads vectors `step` elements apart
and writes vectors `to_step` apart; within a vector, lanes are neighbours unless said otherwise.

Sources: Winograd, "Arithmetic complexity of computations", 1980, chapter 5; Lavin and Gray, "Fast
algorithms for convolutional neural networks", 2016; on points and errors, Barabasz, Anderson,
Soodhalter and Gregg, "Error analysis and improving the accuracy of Winograd convolution for deep
neural networks", 2020.
"""


cdef inline void input_4(
    const float *x, Py_ssize_t step, Py_ssize_t lane_step, const float *x4, Py_ssize_t x4_lane_step,
    float *v, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply B^T of F(4, 3): 6 vectors to 6, of which the last two may lie apart, at x4."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b, p = aa * bb, s = aa + bb
    cdef float v0, v1, v2, v3, v4, v5, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        v0, v1 = x[l * lane_step], x[l * lane_step + step]
        v2, v3 = x[l * lane_step + 2 * step], x[l * lane_step + 3 * step]
        v4, v5 = x4[l * x4_lane_step], x4[l * x4_lane_step + step]
        even_a = v4 - bb * v2
        even_b = v4 - aa * v2
        odd_a = v3 - bb * v1
        odd_b = v3 - aa * v1
        v[l] = p * v0 + (v4 - s * v2)
        v[to_step + l] = even_a + a * odd_a
        v[2 * to_step + l] = even_a - a * odd_a
        v[3 * to_step + l] = even_b + b * odd_b
        v[4 * to_step + l] = even_b - b * odd_b
        v[5 * to_step + l] = p * v1 + (v5 - s * v3)


cdef inline void input_2(
    const float *x, Py_ssize_t step, Py_ssize_t lane_step, float *v, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply B^T of F(2, 3): 4 vectors to 4."""
    cdef float v0, v1, v2, v3
    cdef int l
    for l in range(lanes):
        v0, v1 = x[l * lane_step], x[l * lane_step + step]
        v2, v3 = x[l * lane_step + 2 * step], x[l * lane_step + 3 * step]
        v[l] = v2 - v0
        v[to_step + l] = v2 + v1
        v[2 * to_step + l] = v2 - v1
        v[3 * to_step + l] = v3 - v1


cdef inline void weight_4(
    const float *w, Py_ssize_t step, float *u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G of F(4, 3): 3 vectors to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float w0, w1, w2, even_a, even_b
    cdef int l
    for l in range(lanes):
        w0, w1, w2 = w[l], w[step + l], w[2 * step + l]
        even_a = w0 + aa * w2
        even_b = w0 + bb * w2
        u[l] = to_0 * w0
        u[to_step + l] = to_a * (even_a + a * w1)
        u[2 * to_step + l] = to_a * (even_a - a * w1)
        u[3 * to_step + l] = to_b * (even_b + b * w1)
        u[4 * to_step + l] = to_b * (even_b - b * w1)
        u[5 * to_step + l] = w2


cdef inline void weight_2(
    const float *w, Py_ssize_t step, float *u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G of F(2, 3): 3 vectors to 4."""
    cdef float half = 0.5, w0, w1, w2
    cdef int l
    for l in range(lanes):
        w0, w1, w2 = w[l], w[step + l], w[2 * step + l]
        u[l] = -w0
        u[to_step + l] = half * (w0 + w2 + w1)
        u[2 * to_step + l] = half * (w0 + w2 - w1)
        u[3 * to_step + l] = w2


cdef inline void output_4(
    const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step, Py_ssize_t lane_step, int lanes
) noexcept nogil:
    """Apply A^T of F(4, 3): 6 vectors to 4, whose lanes may lie apart."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = m[step + l] + m[2 * step + l]
        odd_a = m[step + l] - m[2 * step + l]
        even_b = m[3 * step + l] + m[4 * step + l]
        odd_b = m[3 * step + l] - m[4 * step + l]
        y[l * lane_step] = m[l] + even_a + even_b
        y[l * lane_step + to_step] = a * odd_a + b * odd_b
        y[l * lane_step + 2 * to_step] = aa * even_a + bb * even_b
        y[l * lane_step + 3 * to_step] = aaa * odd_a + (bbb * odd_b + m[5 * step + l])


cdef inline void output_2(
    const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step, Py_ssize_t lane_step, int lanes
) noexcept nogil:
    """Apply A^T of F(2, 3): 4 vectors to 2, whose lanes may lie apart."""
    cdef int l
    for l in range(lanes):
        y[l * lane_step] = m[l] + (m[step + l] + m[2 * step + l])
        y[l * lane_step + to_step] = m[3 * step + l] + (m[step + l] - m[2 * step + l])


cdef inline void output_grad_4(
    const float *y, Py_ssize_t step, Py_ssize_t lane_step, float *z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A of F(4, 3): 4 vectors, whose lanes may lie apart, to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float y0, y1, y2, y3, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        y2, y3 = y[l * lane_step + 2 * step], y[l * lane_step + 3 * step]
        even_a = y0 + aa * y2
        even_b = y0 + bb * y2
        odd_a = a * y1 + aaa * y3
        odd_b = b * y1 + bbb * y3
        z[l] = y0
        z[to_step + l] = even_a + odd_a
        z[2 * to_step + l] = even_a - odd_a
        z[3 * to_step + l] = even_b + odd_b
        z[4 * to_step + l] = even_b - odd_b
        z[5 * to_step + l] = y3


cdef inline void output_grad_2(
    const float *y, Py_ssize_t step, Py_ssize_t lane_step, float *z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A of F(2, 3): 2 vectors, whose lanes may lie apart, to 4."""
    cdef float y0, y1
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        z[l] = y0
        z[to_step + l] = y0 + y1
        z[2 * to_step + l] = y0 - y1
        z[3 * to_step + l] = y1


cdef inline void weight_grad_4(
    const float *u, Py_ssize_t step, float *w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T of F(4, 3): 6 vectors to 3."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = to_a * (u[step + l] + u[2 * step + l])
        odd_a = to_a * (u[step + l] - u[2 * step + l])
        even_b = to_b * (u[3 * step + l] + u[4 * step + l])
        odd_b = to_b * (u[3 * step + l] - u[4 * step + l])
        w[l] = to_0 * u[l] + (even_a + even_b)
        w[to_step + l] = a * odd_a + b * odd_b
        w[2 * to_step + l] = u[5 * step + l] + (aa * even_a + bb * even_b)


cdef inline void weight_grad_2(
    const float *u, Py_ssize_t step, float *w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T of F(2, 3): 4 vectors to 3."""
    cdef float half = 0.5
    cdef int l
    for l in range(lanes):
        w[l] = half * (u[step + l] + u[2 * step + l]) - u[l]
        w[to_step + l] = half * (u[step + l] - u[2 * step + l])
        w[2 * to_step + l] = half * (u[step + l] + u[2 * step + l]) + u[3 * step + l]
