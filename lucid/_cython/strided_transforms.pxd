r"""The transforms of F(4, 2): 4 neighbouring outputs of a kernel of 2 taps by 5 products, not 8.

As in `winograd.pxd`, :math:`y = A^T [(G w) \circ (B^T x)]`. The points: a, -a, b, -b with a = 1/2
and b = 5/4, and infinity: without 0 they come in pairs, and these two had the smallest errors. With
:math:`p = a^2 b^2, s = a^2 + b^2`::

          | -a b^2   -b^2   a    1   0 |         |  1    a  | / n_a         | 1  a   a^2  a^3 |
          |  a b^2   -b^2  -a    1   0 |         | -1    a  | / n_a         | 1 -a   a^2 -a^3 |
    B^T = | -b a^2   -a^2   b    1   0 |     G = |  1    b  | / n_b     A = | 1  b   b^2  b^3 |
          |  b a^2   -a^2  -b    1   0 |         | -1    b  | / n_b         | 1 -b   b^2 -b^3 |
          |  p        0    -s    0   1 |         |  0    1  |               | 0  0   0    1   |

    n_a = 2 a (a^2 - b^2)     n_b = 2 b (b^2 - a^2)

A gradient needs the same matrices turned. Every function reads vectors `step` elements apart and
writes vectors `to_step` apart; within a vector, lanes are neighbours.

No vector that is written overlaps one that is read, and the type `out` tells the compiler so: else
it would look at the addresses each time before it works on whole vectors.

Source: as of `winograd.pxd`.
"""

cdef extern from *:
    """
    #if defined(__GNUC__)
    typedef float *__restrict__ lucid_out;
    #else
    typedef float *lucid_out;
    #endif
    """
    ctypedef float *out "lucid_out"


cdef inline void copy_lines(
    const float *x, Py_ssize_t step, out y, Py_ssize_t to_step, Py_ssize_t count, int lanes
) noexcept nogil:
    """Copy vectors: of one tap, the points are the inputs."""
    cdef Py_ssize_t i
    cdef int l
    for i in range(count):
        for l in range(lanes):
            y[i * to_step + l] = x[i * step + l]


cdef inline void take_apart(
    const float *x, Py_ssize_t count, out y, int lanes
) noexcept nogil:
    """``y[e * lanes + l] = x[l * count + e]`` for 4 or 8 elements of each lane."""
    cdef int l, e
    if count == 4:
        for l in range(lanes):
            for e in range(4):
                y[e * lanes + l] = x[l * 4 + e]
    else:
        for l in range(lanes):
            for e in range(8):
                y[e * lanes + l] = x[l * 8 + e]


cdef inline void put_together(
    const float *x, Py_ssize_t count, out y, int lanes
) noexcept nogil:
    """``y[l * count + e] = x[e * lanes + l]`` for 4 or 8 elements of each lane."""
    cdef int l, e
    if count == 4:
        for l in range(lanes):
            for e in range(4):
                y[l * 4 + e] = x[e * lanes + l]
    else:
        for l in range(lanes):
            for e in range(8):
                y[l * 8 + e] = x[e * lanes + l]


cdef inline void input_taps2(
    const float *x, Py_ssize_t step, out v, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply B^T: 5 vectors to 5."""
    cdef float a = 0.5, b = 1.25, aa = a * a, bb = b * b, p = aa * bb, s = aa + bb
    cdef float v0, v1, v2, v3, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        v0, v1, v2, v3 = x[l], x[step + l], x[2 * step + l], x[3 * step + l]
        even_a = a * (v2 - bb * v0)
        even_b = b * (v2 - aa * v0)
        odd_a = v3 - bb * v1
        odd_b = v3 - aa * v1
        v[4 * to_step + l] = p * v0 + (x[4 * step + l] - s * v2)
        v[l] = odd_a + even_a
        v[to_step + l] = odd_a - even_a
        v[2 * to_step + l] = odd_b + even_b
        v[3 * to_step + l] = odd_b - even_b


cdef inline void weight_taps2(
    const float *w, Py_ssize_t step, out u, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G: 2 vectors to 5."""
    cdef float a = 0.5, b = 1.25, n_a = 2 * a * (a * a - b * b), n_b = 2 * b * (b * b - a * a)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float w0, w1
    cdef int l
    for l in range(lanes):
        w0, w1 = w[l], w[step + l]
        u[l] = to_a * (a * w1 + w0)
        u[to_step + l] = to_a * (a * w1 - w0)
        u[2 * to_step + l] = to_b * (b * w1 + w0)
        u[3 * to_step + l] = to_b * (b * w1 - w0)
        u[4 * to_step + l] = w1


cdef inline void output_taps2(
    const float *m, Py_ssize_t step, const float *more, Py_ssize_t more_step,
    out y, Py_ssize_t to_step, int lanes,
) noexcept nogil:
    """Apply A^T: 5 vectors to 4, to which 4 more are added."""
    cdef float a = 0.5, b = 1.25, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = m[l] + m[step + l]
        odd_a = m[l] - m[step + l]
        even_b = m[2 * step + l] + m[3 * step + l]
        odd_b = m[2 * step + l] - m[3 * step + l]
        y[l] = even_a + even_b + more[l]
        y[to_step + l] = a * odd_a + b * odd_b + more[more_step + l]
        y[2 * to_step + l] = aa * even_a + bb * even_b + more[2 * more_step + l]
        y[3 * to_step + l] = (
            aaa * odd_a + (bbb * odd_b + m[4 * step + l]) + more[3 * more_step + l]
        )


cdef inline void output_grad_taps2(
    const float *y, Py_ssize_t step, out z, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply A: 4 vectors to 5."""
    cdef float a = 0.5, b = 1.25, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float y0, y1, y2, y3, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        y0, y1, y2, y3 = y[l], y[step + l], y[2 * step + l], y[3 * step + l]
        even_a = y0 + aa * y2
        even_b = y0 + bb * y2
        odd_a = a * y1 + aaa * y3
        odd_b = b * y1 + bbb * y3
        z[l] = even_a + odd_a
        z[to_step + l] = even_a - odd_a
        z[2 * to_step + l] = even_b + odd_b
        z[3 * to_step + l] = even_b - odd_b
        z[4 * to_step + l] = y3


cdef inline void weight_grad_taps2(
    const float *u, Py_ssize_t step, out w, Py_ssize_t to_step, int lanes
) noexcept nogil:
    """Apply G^T: 5 vectors to 2."""
    cdef float a = 0.5, b = 1.25, n_a = 2 * a * (a * a - b * b), n_b = 2 * b * (b * b - a * a)
    cdef float to_a = 1 / n_a, to_b = 1 / n_b
    cdef float u0, u1, u2, u3
    cdef int l
    for l in range(lanes):
        u0, u1, u2, u3 = u[l], u[step + l], u[2 * step + l], u[3 * step + l]
        w[l] = to_a * (u0 - u1) + to_b * (u2 - u3)
        w[to_step + l] = u[4 * step + l] + (to_a * a * (u0 + u1) + to_b * b * (u2 + u3))
