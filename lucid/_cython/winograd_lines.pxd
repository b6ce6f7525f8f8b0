r"""Winograd's transforms along one axis for any tile: F(m, r), m outputs of a kernel of r taps.

`winograd.pxd` has the matrices for 3 taps. B^T depends on the m + r - 1 points alone, so the same
one serves several kernels: 4 points make F(2, 3) or F(3, 2), 6 points F(4, 3), F(5, 2), F(3, 4) or
F(2, 5). G has a column for each tap, A one for each output; both are powers of the points, so for
2 taps a column of G goes and one of A comes. F(5, 2), with :math:`n_a, n_b, p` as there, and
F(3, 2)::

        | 1/p     0    |      | 1  0   0    0    0   |       | -1    0  |      | 1  0  0 |
        | 1/n_a  a/n_a |      | 1  a   a^2  a^3  a^4 |   G = | 1/2  1/2 |  A = | 1  1  1 |
    G = | 1/n_a -a/n_a |  A = | 1 -a   a^2 -a^3  a^4 |       | 1/2 -1/2 |      | 1 -1  1 |
        | 1/n_b  b/n_b |      | 1  b   b^2  b^3  b^4 |       |  0    1  |      | 0  0  1 |
        | 1/n_b -b/n_b |      | 1 -b   b^2 -b^3  b^4 |
        |  0     1     |      | 0  0   0    0    1   |

F(3, 4) and F(2, 5) have a file of their own, `winograd_many_taps.pxd`.

The functions called `..._lines` take the number of points (`edge`) and of taps, pick the transform
and apply it to `count` lines of vectors, `next` elements apart. Else elements lie as in
`winograd.pxd`.
"""

from lucid._cython.winograd cimport (
    input_2, input_4, output_2, output_4, output_grad_2, output_grad_4, weight_2, weight_4,
    weight_grad_2, weight_grad_4,
)
from lucid._cython.winograd_many_taps cimport (
    output_2_of_5, output_3_of_4, output_grad_2_of_5, output_grad_3_of_4, weight_2_of_5,
    weight_3_of_4, weight_grad_2_of_5, weight_grad_3_of_4,
)


cdef inline void weight_5(
    const float *w, Py_ssize_t step, float *u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G of F(5, 2): 2 vectors to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float w0, w1
    cdef int l
    for l in range(lanes):
        w0, w1 = w[l], w[step + l]
        u[l] = to_0 * w0
        u[to_step + l] = to_a * (w0 + a * w1)
        u[2 * to_step + l] = to_a * (w0 - a * w1)
        u[3 * to_step + l] = to_b * (w0 + b * w1)
        u[4 * to_step + l] = to_b * (w0 - b * w1)
        u[5 * to_step + l] = w1


cdef inline void weight_3(
    const float *w, Py_ssize_t step, float *u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G of F(3, 2): 2 vectors to 4."""
    cdef float half = 0.5, w0, w1
    cdef int l
    for l in range(lanes):
        w0, w1 = w[l], w[step + l]
        u[l] = -w0
        u[to_step + l] = half * (w0 + w1)
        u[2 * to_step + l] = half * (w0 - w1)
        u[3 * to_step + l] = w1


cdef inline void output_5(
    const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step, Py_ssize_t lane_step, int lanes
) noexcept nogil:
    """Apply A^T of F(5, 2): 6 vectors to 5, whose lanes may lie apart."""
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
        y[l * lane_step + 3 * to_step] = aaa * odd_a + bbb * odd_b
        y[l * lane_step + 4 * to_step] = aa * aa * even_a + (bb * bb * even_b + m[5 * step + l])


cdef inline void output_3(
    const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step, Py_ssize_t lane_step, int lanes
) noexcept nogil:
    """Apply A^T of F(3, 2): 4 vectors to 3, whose lanes may lie apart."""
    cdef float even, odd
    cdef int l
    for l in range(lanes):
        even = m[step + l] + m[2 * step + l]
        odd = m[step + l] - m[2 * step + l]
        y[l * lane_step] = m[l] + even
        y[l * lane_step + to_step] = odd
        y[l * lane_step + 2 * to_step] = m[3 * step + l] + even


cdef inline void output_grad_5(
    const float *y, Py_ssize_t step, Py_ssize_t lane_step, float *z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A of F(5, 2): 5 vectors, whose lanes may lie apart, to 6."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float y0, y1, y2, y3, y4, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        y2, y3 = y[l * lane_step + 2 * step], y[l * lane_step + 3 * step]
        y4 = y[l * lane_step + 4 * step]
        even_a = y0 + aa * (y2 + aa * y4)
        even_b = y0 + bb * (y2 + bb * y4)
        odd_a = a * y1 + aaa * y3
        odd_b = b * y1 + bbb * y3
        z[l] = y0
        z[to_step + l] = even_a + odd_a
        z[2 * to_step + l] = even_a - odd_a
        z[3 * to_step + l] = even_b + odd_b
        z[4 * to_step + l] = even_b - odd_b
        z[5 * to_step + l] = y4


cdef inline void output_grad_3(
    const float *y, Py_ssize_t step, Py_ssize_t lane_step, float *z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A of F(3, 2): 3 vectors, whose lanes may lie apart, to 4."""
    cdef float y0, y1, y2
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        y2 = y[l * lane_step + 2 * step]
        z[l] = y0
        z[to_step + l] = y0 + y2 + y1
        z[2 * to_step + l] = y0 + y2 - y1
        z[3 * to_step + l] = y2


cdef inline void weight_grad_5(
    const float *u, Py_ssize_t step, float *w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T of F(5, 2): 6 vectors to 2."""
    cdef float a = 0.625, b = 1.5, aa = a * a, bb = b * b
    cdef float to_0 = 1 / (aa * bb), n_a = 2 * aa * (aa - bb), n_b = 2 * bb * (bb - aa)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef int l
    for l in range(lanes):
        w[l] = to_0 * u[l] + (
            to_a * (u[step + l] + u[2 * step + l]) + to_b * (u[3 * step + l] + u[4 * step + l])
        )
        w[to_step + l] = u[5 * step + l] + (
            a * to_a * (u[step + l] - u[2 * step + l])
            + b * to_b * (u[3 * step + l] - u[4 * step + l])
        )


cdef inline void weight_grad_3(
    const float *u, Py_ssize_t step, float *w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T of F(3, 2): 4 vectors to 2."""
    cdef float half = 0.5
    cdef int l
    for l in range(lanes):
        w[l] = half * (u[step + l] + u[2 * step + l]) - u[l]
        w[to_step + l] = half * (u[step + l] - u[2 * step + l]) + u[3 * step + l]


cdef inline void input_lines(
    int edge, Py_ssize_t count, const float *x, Py_ssize_t next, Py_ssize_t step,
    Py_ssize_t lane_step, const float *x4, Py_ssize_t x4_next, Py_ssize_t x4_lane_step,
    float *v, Py_ssize_t to_next, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply B^T: `edge` vectors, of which the fifth and sixth lie at x4, to as many."""
    cdef Py_ssize_t i
    if edge == 6:
        for i in range(count):
            input_4(
                x + i * next, step, lane_step, x4 + i * x4_next, x4_lane_step,
                v + i * to_next, to_step, lanes,
            )
    elif edge == 4:
        for i in range(count):
            input_2(x + i * next, step, lane_step, v + i * to_next, to_step, lanes)


cdef inline void weight_lines(
    int edge, int taps, Py_ssize_t count, const float *w, Py_ssize_t next, Py_ssize_t step,
    float *u, Py_ssize_t to_next, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply G: `taps` vectors to `edge`."""
    cdef Py_ssize_t i
    if edge == 6 and taps == 3:
        for i in range(count):
            weight_4(w + i * next, step, u + i * to_next, to_step, lanes)
    elif edge == 4 and taps == 3:
        for i in range(count):
            weight_2(w + i * next, step, u + i * to_next, to_step, lanes)
    elif edge == 6 and taps == 4:
        for i in range(count):
            weight_3_of_4(w + i * next, step, u + i * to_next, to_step, lanes)
    elif edge == 6 and taps == 5:
        for i in range(count):
            weight_2_of_5(w + i * next, step, u + i * to_next, to_step, lanes)
    elif edge == 6:
        for i in range(count):
            weight_5(w + i * next, step, u + i * to_next, to_step, lanes)
    else:
        for i in range(count):
            weight_3(w + i * next, step, u + i * to_next, to_step, lanes)


cdef inline void output_lines(
    int edge, int taps, Py_ssize_t count, const float *m, Py_ssize_t next, Py_ssize_t step,
    float *y, Py_ssize_t to_next, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply A^T: `edge` vectors to the outputs, `to_step` apart; if that is 1, lanes are apart."""
    cdef Py_ssize_t i
    if edge == 6 and taps == 3:
        for i in range(count):
            output_4(
                m + i * next, step, y + i * to_next, to_step, 4 if to_step == 1 else 1, lanes
            )
    elif edge == 4 and taps == 3:
        for i in range(count):
            output_2(
                m + i * next, step, y + i * to_next, to_step, 2 if to_step == 1 else 1, lanes
            )
    elif edge == 6 and taps == 4:
        for i in range(count):
            output_3_of_4(
                m + i * next, step, y + i * to_next, to_step, 3 if to_step == 1 else 1, lanes
            )
    elif edge == 6 and taps == 5:
        for i in range(count):
            output_2_of_5(
                m + i * next, step, y + i * to_next, to_step, 2 if to_step == 1 else 1, lanes
            )
    elif edge == 6:
        for i in range(count):
            output_5(
                m + i * next, step, y + i * to_next, to_step, 5 if to_step == 1 else 1, lanes
            )
    else:
        for i in range(count):
            output_3(
                m + i * next, step, y + i * to_next, to_step, 3 if to_step == 1 else 1, lanes
            )


cdef inline void output_grad_lines(
    int edge, int taps, Py_ssize_t count, const float *y, Py_ssize_t next, Py_ssize_t step,
    float *z, Py_ssize_t to_next, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply A: the vectors of the outputs, `step` apart as in `output_lines`, to `edge`."""
    cdef Py_ssize_t i
    if edge == 6 and taps == 3:
        for i in range(count):
            output_grad_4(
                y + i * next, step, 4 if step == 1 else 1, z + i * to_next, to_step, lanes
            )
    elif edge == 4 and taps == 3:
        for i in range(count):
            output_grad_2(
                y + i * next, step, 2 if step == 1 else 1, z + i * to_next, to_step, lanes
            )
    elif edge == 6 and taps == 4:
        for i in range(count):
            output_grad_3_of_4(
                y + i * next, step, 3 if step == 1 else 1, z + i * to_next, to_step, lanes
            )
    elif edge == 6 and taps == 5:
        for i in range(count):
            output_grad_2_of_5(
                y + i * next, step, 2 if step == 1 else 1, z + i * to_next, to_step, lanes
            )
    elif edge == 6:
        for i in range(count):
            output_grad_5(
                y + i * next, step, 5 if step == 1 else 1, z + i * to_next, to_step, lanes
            )
    else:
        for i in range(count):
            output_grad_3(
                y + i * next, step, 3 if step == 1 else 1, z + i * to_next, to_step, lanes
            )


cdef inline void weight_grad_lines(
    int edge, int taps, Py_ssize_t count, const float *u, Py_ssize_t next, Py_ssize_t step,
    float *w, Py_ssize_t to_next, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply G^T: `edge` vectors to `taps`."""
    cdef Py_ssize_t i
    if edge == 6 and taps == 3:
        for i in range(count):
            weight_grad_4(u + i * next, step, w + i * to_next, to_step, lanes)
    elif edge == 4 and taps == 3:
        for i in range(count):
            weight_grad_2(u + i * next, step, w + i * to_next, to_step, lanes)
    elif edge == 6 and taps == 4:
        for i in range(count):
            weight_grad_3_of_4(u + i * next, step, w + i * to_next, to_step, lanes)
    elif edge == 6 and taps == 5:
        for i in range(count):
            weight_grad_2_of_5(u + i * next, step, w + i * to_next, to_step, lanes)
    elif edge == 6:
        for i in range(count):
            weight_grad_5(u + i * next, step, w + i * to_next, to_step, lanes)
    else:
        for i in range(count):
            weight_grad_3(u + i * next, step, w + i * to_next, to_step, lanes)
