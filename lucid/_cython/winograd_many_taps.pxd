r"""Winograd's transforms for 4 and 5 taps: F(3, 4) and F(2, 5), from the 6 points of F(4, 3).

B^T is the same (`winograd_lines.pxd`). For each tap more G has one more column, and A one less, for
there is one output less. F(2, 5), with :math:`n_a, n_b, p` as in `winograd.pxd`, is F(5, 2) with G
and A exchanged, but for the factors 1/n, which stay with G::

        | 1/p     0      0        0        0       |      | 1  0 |
        | 1/n_a   a/n_a  a^2/n_a  a^3/n_a  a^4/n_a |      | 1  a |
    G = | 1/n_a  -a/n_a  a^2/n_a -a^3/n_a  a^4/n_a |  A = | 1 -a |
        | 1/n_b   b/n_b  b^2/n_b  b^3/n_b  b^4/n_b |      | 1  b |
        | 1/n_b  -b/n_b  b^2/n_b -b^3/n_b  b^4/n_b |      | 1 -b |
        | 0       0      0        0        1       |      | 0  1 |
"""


cdef inline void weight_3_of_4(
    const float *w, Py_ssize_t step, float *u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G of F(3, 4): 4 vectors to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float w0, w1, w2, w3, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        w0, w1, w2, w3 = w[l], w[step + l], w[2 * step + l], w[3 * step + l]
        even_a = w0 + aa * w2
        even_b = w0 + bb * w2
        odd_a = a * (w1 + aa * w3)
        odd_b = b * (w1 + bb * w3)
        u[l] = to_0 * w0
        u[to_step + l] = to_a * (even_a + odd_a)
        u[2 * to_step + l] = to_a * (even_a - odd_a)
        u[3 * to_step + l] = to_b * (even_b + odd_b)
        u[4 * to_step + l] = to_b * (even_b - odd_b)
        u[5 * to_step + l] = w3


cdef inline void weight_2_of_5(
    const float *w, Py_ssize_t step, float *u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G of F(2, 5): 5 vectors to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float w0, w1, w2, w3, w4, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        w0, w1, w2 = w[l], w[step + l], w[2 * step + l]
        w3, w4 = w[3 * step + l], w[4 * step + l]
        even_a = w0 + aa * (w2 + aa * w4)
        even_b = w0 + bb * (w2 + bb * w4)
        odd_a = a * (w1 + aa * w3)
        odd_b = b * (w1 + bb * w3)
        u[l] = to_0 * w0
        u[to_step + l] = to_a * (even_a + odd_a)
        u[2 * to_step + l] = to_a * (even_a - odd_a)
        u[3 * to_step + l] = to_b * (even_b + odd_b)
        u[4 * to_step + l] = to_b * (even_b - odd_b)
        u[5 * to_step + l] = w4


cdef inline void output_3_of_4(
    const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step, Py_ssize_t lane_step, int lanes
) noexcept nogil:
    """Apply A^T of F(3, 4): 6 vectors to 3, whose lanes may lie apart."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = m[step + l] + m[2 * step + l]
        odd_a = m[step + l] - m[2 * step + l]
        even_b = m[3 * step + l] + m[4 * step + l]
        odd_b = m[3 * step + l] - m[4 * step + l]
        y[l * lane_step] = m[l] + even_a + even_b
        y[l * lane_step + to_step] = a * odd_a + b * odd_b
        y[l * lane_step + 2 * to_step] = aa * even_a + (bb * even_b + m[5 * step + l])


cdef inline void output_2_of_5(
    const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step, Py_ssize_t lane_step, int lanes
) noexcept nogil:
    """Apply A^T of F(2, 5): 6 vectors to 2, whose lanes may lie apart."""
    cdef float a = 0.625, b = 1.5, even, odd
    cdef int l
    for l in range(lanes):
        even = (m[step + l] + m[2 * step + l]) + (m[3 * step + l] + m[4 * step + l])
        odd = a * (m[step + l] - m[2 * step + l]) + b * (m[3 * step + l] - m[4 * step + l])
        y[l * lane_step] = m[l] + even
        y[l * lane_step + to_step] = m[5 * step + l] + odd


cdef inline void output_grad_3_of_4(
    const float *y, Py_ssize_t step, Py_ssize_t lane_step, float *z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A of F(3, 4): 3 vectors, whose lanes may lie apart, to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float y0, y1, y2, even_a, even_b
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        y2 = y[l * lane_step + 2 * step]
        even_a = y0 + aa * y2
        even_b = y0 + bb * y2
        z[l] = y0
        z[to_step + l] = even_a + a * y1
        z[2 * to_step + l] = even_a - a * y1
        z[3 * to_step + l] = even_b + b * y1
        z[4 * to_step + l] = even_b - b * y1
        z[5 * to_step + l] = y2


cdef inline void output_grad_2_of_5(
    const float *y, Py_ssize_t step, Py_ssize_t lane_step, float *z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A of F(2, 5): 2 vectors, whose lanes may lie apart, to 6."""
    cdef float a = 0.625, b = 1.5, y0, y1
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        z[l] = y0
        z[to_step + l] = y0 + a * y1
        z[2 * to_step + l] = y0 - a * y1
        z[3 * to_step + l] = y0 + b * y1
        z[4 * to_step + l] = y0 - b * y1
        z[5 * to_step + l] = y1


cdef inline void weight_grad_3_of_4(
    const float *u, Py_ssize_t step, float *w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T of F(3, 4): 6 vectors to 4."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = to_a * (u[step + l] + u[2 * step + l])
        odd_a = a * to_a * (u[step + l] - u[2 * step + l])
        even_b = to_b * (u[3 * step + l] + u[4 * step + l])
        odd_b = b * to_b * (u[3 * step + l] - u[4 * step + l])
        w[l] = to_0 * u[l] + (even_a + even_b)
        w[to_step + l] = odd_a + odd_b
        w[2 * to_step + l] = aa * even_a + bb * even_b
        w[3 * to_step + l] = u[5 * step + l] + (aa * odd_a + bb * odd_b)


cdef inline void weight_grad_2_of_5(
    const float *u, Py_ssize_t step, float *w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T of F(2, 5): 6 vectors to 5."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = to_a * (u[step + l] + u[2 * step + l])
        odd_a = a * to_a * (u[step + l] - u[2 * step + l])
        even_b = to_b * (u[3 * step + l] + u[4 * step + l])
        odd_b = b * to_b * (u[3 * step + l] - u[4 * step + l])
        w[l] = to_0 * u[l] + (even_a + even_b)
        w[to_step + l] = odd_a + odd_b
        w[2 * to_step + l] = aa * even_a + bb * even_b
        w[3 * to_step + l] = aa * odd_a + bb * odd_b
        w[4 * to_step + l] = u[5 * step + l] + (aa * aa * even_a + bb * bb * even_b)
