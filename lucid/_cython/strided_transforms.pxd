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
writes vectors `to_step` apart; within a vector, lanes are neighbours unless said otherwise.

Source: as of `winograd.pxd`.
"""

cdef inline void input_taps2(
    const float *x, int step, int lane_step, const float *x4, int x4_lane_step,
    float *v, int to_step, int lanes,
) noexcept nogil:
    """Apply B^T: 5 vectors to 5, of which the last may lie apart, at x4."""
    cdef float a = 0.5, b = 1.25, aa = a * a, bb = b * b, p = aa * bb, s = aa + bb
    cdef float v0, v1, v2, v3, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        v0, v1 = x[l * lane_step], x[l * lane_step + step]
        v2, v3 = x[l * lane_step + 2 * step], x[l * lane_step + 3 * step]
        even_a = a * (v2 - bb * v0)
        even_b = b * (v2 - aa * v0)
        odd_a = v3 - bb * v1
        odd_b = v3 - aa * v1
        v[4 * to_step + l] = p * v0 + (x4[l * x4_lane_step] - s * v2)
        v[l] = odd_a + even_a
        v[to_step + l] = odd_a - even_a
        v[2 * to_step + l] = odd_b + even_b
        v[3 * to_step + l] = odd_b - even_b


cdef inline void weight_taps2(
    const float *w, int step, float *u, int to_step, int lanes
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
    const float *m, int step, float *y, int to_step, int lane_step, int lanes
) noexcept nogil:
    """Apply A^T: 5 vectors to 4, whose lanes may lie apart."""
    cdef float a = 0.5, b = 1.25, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        even_a = m[l] + m[step + l]
        odd_a = m[l] - m[step + l]
        even_b = m[2 * step + l] + m[3 * step + l]
        odd_b = m[2 * step + l] - m[3 * step + l]
        y[l * lane_step] = even_a + even_b
        y[l * lane_step + to_step] = a * odd_a + b * odd_b
        y[l * lane_step + 2 * to_step] = aa * even_a + bb * even_b
        y[l * lane_step + 3 * to_step] = aaa * odd_a + (bbb * odd_b + m[4 * step + l])


cdef inline void output_grad_taps2(
    const float *y, int step, int lane_step, float *z, int to_step, int lanes
) noexcept nogil:
    """Apply A: 4 vectors, whose lanes may lie apart, to 5."""
    cdef float a = 0.5, b = 1.25, aa = a * a, bb = b * b, aaa = a * aa, bbb = b * bb
    cdef float y0, y1, y2, y3, even_a, even_b, odd_a, odd_b
    cdef int l
    for l in range(lanes):
        y0, y1 = y[l * lane_step], y[l * lane_step + step]
        y2, y3 = y[l * lane_step + 2 * step], y[l * lane_step + 3 * step]
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
    const float *u, int step, float *w, int to_step, int lanes
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
