"""Products of spectra, frequency by frequency: what a convolution becomes by Fourier's transform.

A spectrum is a row of real parts and a row of imaginary parts, in a block ``(2, bins)``. For every
frequency m at once, with the product of complex numbers::

    result[a, b, m] += sum over r of p[a, r, m] * q[b, r, m]

Neighbouring frequencies lie in the lanes. A tile of 2 by 2 results is kept in registers while r
runs, so each number that is loaded is used twice; and SPAN frequencies are done for all a, b and r
before the next ones, so that they stay in the second-level cache.

Cost: four multiply-adds in float64 for each product.
"""

from cython.parallel cimport prange

cdef enum:
    LANES = 16
    SPAN = 64  # frequencies at a time, a multiple of LANES

cdef struct Steps:
    Py_ssize_t p_a, p_r, q_b, q_r, out_a, out_b  # doubles from one spectrum to the next
    Py_ssize_t bins  # from a real part to its imaginary part


cdef inline void add_four(
    const double *p, const double *q, double *out, const Steps *s, Py_ssize_t terms
) noexcept nogil:
    """Add to 2 by 2 results at LANES frequencies."""
    cdef double re[2][2][LANES]
    cdef double im[2][2][LANES]
    cdef Py_ssize_t r, a, b, l
    for a in range(2):
        for b in range(2):
            for l in range(LANES):
                re[a][b][l] = 0
                im[a][b][l] = 0
    for r in range(terms):
        for a in range(2):
            for b in range(2):
                for l in range(LANES):
                    re[a][b][l] += p[a * s.p_a + l] * q[b * s.q_b + l]
                    re[a][b][l] -= p[a * s.p_a + s.bins + l] * q[b * s.q_b + s.bins + l]
                    im[a][b][l] += p[a * s.p_a + s.bins + l] * q[b * s.q_b + l]
                    im[a][b][l] += p[a * s.p_a + l] * q[b * s.q_b + s.bins + l]
        p += s.p_r
        q += s.q_r
    for a in range(2):
        for b in range(2):
            for l in range(LANES):
                out[a * s.out_a + b * s.out_b + l] += re[a][b][l]
                out[a * s.out_a + b * s.out_b + s.bins + l] += im[a][b][l]


cdef inline void add_one(
    const double *p, const double *q, double *out, const Steps *s, Py_ssize_t terms
) noexcept nogil:
    """Add to one result at LANES frequencies, in the same order of terms."""
    cdef double[LANES] re
    cdef double[LANES] im
    cdef Py_ssize_t r, l
    for l in range(LANES):
        re[l] = 0
        im[l] = 0
    for r in range(terms):
        for l in range(LANES):
            re[l] += p[l] * q[l]
            re[l] -= p[s.bins + l] * q[s.bins + l]
            im[l] += p[s.bins + l] * q[l]
            im[l] += p[l] * q[s.bins + l]
        p += s.p_r
        q += s.q_r
    for l in range(LANES):
        out[l] += re[l]
        out[s.bins + l] += im[l]


cdef void add_span(
    const double *p, const double *q, double *out, const Steps *s, Py_ssize_t rows,
    Py_ssize_t columns, Py_ssize_t terms, Py_ssize_t first, Py_ssize_t last,
) noexcept nogil:
    """Add to all results at the frequencies first .. last - 1."""
    cdef Py_ssize_t a, b, m, block
    for a in range(rows):
        for b in range(columns):
            for block in range((last - first) // LANES):
                m = first + block * LANES
                if a % 2 == 0 and b % 2 == 0 and a + 1 < rows and b + 1 < columns:
                    add_four(
                        p + a * s.p_a + m, q + b * s.q_b + m,
                        out + a * s.out_a + b * s.out_b + m, s, terms,
                    )
                elif a == rows - 1 and rows % 2 or b == columns - 1 and columns % 2:
                    add_one(
                        p + a * s.p_a + m, q + b * s.q_b + m,
                        out + a * s.out_a + b * s.out_b + m, s, terms,
                    )


def add_products(
    const double[:, :, :, :] p not None, const double[:, :, :, :] q not None,
    double[:, :, :, :] out not None, int threads,
):
    """Add to out (A, B, 2, bins) the products of p (A, R, 2, bins) and q (B, R, 2, bins).

    The first two axes may have any strides, the others lie as usual; bins is a multiple of 16.
    """
    cdef Steps s
    cdef Py_ssize_t span, bins = out.shape[3]
    s.p_a, s.p_r = p.strides[0] // 8, p.strides[1] // 8
    s.q_b, s.q_r = q.strides[0] // 8, q.strides[1] // 8
    s.out_a, s.out_b = out.strides[0] // 8, out.strides[1] // 8
    s.bins = bins
    if p.shape[0] * q.shape[0] * p.shape[1] * bins == 0:
        return
    for span in prange((bins + SPAN - 1) // SPAN, nogil=True, num_threads=threads):
        add_span(
            &p[0, 0, 0, 0], &q[0, 0, 0, 0], &out[0, 0, 0, 0], &s, out.shape[0], out.shape[1],
            p.shape[1], span * SPAN, min(bins, span * SPAN + SPAN),
        )
