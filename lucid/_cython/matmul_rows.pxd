"""Rows of one channel, copied with their padding, slot by slot (`padded.pxd`)."""

from libc.string cimport memcpy

from lucid._cython.padded cimport Axis, ceil_div, clip, src_start
from lucid._cython.rows cimport Window, find_window
from lucid._cython.types cimport real

cdef enum:
    STEP = 16  # elements that are copied at a time
    SKIPPED = 17  # so many with a stride: gcc leaves the last one out of its vectors

cdef struct Deal:  # of a row, the positions that are dealt out; columns take `step` of them each
    Py_ssize_t first, last  # the positions that have a source
    Py_ssize_t begin, end  # the columns all of whose positions have one


cdef inline void clear(real *b, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(size):
        b[k] = 0


cdef inline void copy(
    const real *x, Py_ssize_t step, Py_ssize_t left, real *b, Py_ssize_t size
) noexcept nogil:
    """Copy every `step`-th of the `left` elements at x; up to STEP more of b are written."""
    cdef Py_ssize_t k = 0
    cdef int l
    if step == 1:
        while k < size and k + STEP <= left:
            memcpy(b + k, x + k, STEP * sizeof(real))
            k += STEP
    elif step == 2:
        while k < size and 2 * (k + SKIPPED) <= left:
            for l in range(SKIPPED):
                b[k + l] = x[2 * (k + l)]
            k += SKIPPED
    elif step == 4:
        while k < size and 4 * (k + SKIPPED) <= left:
            for l in range(SKIPPED):
                b[k + l] = x[4 * (k + l)]
            k += SKIPPED
    for k in range(k, size):
        b[k] = x[k * step]


cdef inline void copy_row(
    const real *x, Py_ssize_t step, Py_ssize_t left, const Window *window, Py_ssize_t columns,
    real *row,
) noexcept nogil:
    """Copy what one slot reads of a row of x; up to STEP more are written."""
    clear(row, window.first)
    copy(
        x + window.start, step, left - window.start, row + window.first,
        window.last - window.first,
    )
    clear(row + window.last, columns - window.last)


cdef inline void deal_some(
    const real *x, Py_ssize_t step, const Deal *deal, Py_ssize_t begin, Py_ssize_t end, real *row,
    Py_ssize_t size,
) noexcept nogil:
    """Deal out some columns at an end of the row, where not every position has a source."""
    cdef Py_ssize_t s, k, i
    cdef real value
    for s in range(step):
        for k in range(begin, end):
            i = step * k + s
            value = 0
            if deal.first <= i < deal.last:
                value = x[i]
            row[s * size + k] = value


cdef inline void deal_row(
    const real *x, Py_ssize_t step, const Deal *deal, Py_ssize_t columns, real *row,
    Py_ssize_t size,
) noexcept nogil:
    """Deal a row out to `step` slots in turn, like cards; one slot comes each `size` elements.

    One pass reads x once for all slots, and leaves the compiler whole vectors on both sides.
    """
    cdef Py_ssize_t k
    cdef real *second = row + size
    cdef real *third = second + size
    cdef real *fourth = third + size
    deal_some(x, step, deal, 0, deal.begin, row, size)
    if step == 2:
        for k in range(deal.begin, deal.end):
            row[k] = x[2 * k]
            second[k] = x[2 * k + 1]
    elif step == 4:
        for k in range(deal.begin, deal.end):
            row[k] = x[4 * k]
            second[k] = x[4 * k + 1]
            third[k] = x[4 * k + 2]
            fourth[k] = x[4 * k + 3]
    else:
        deal_some(x, step, deal, deal.begin, deal.end, row, size)
    deal_some(x, step, deal, deal.end, columns, row, size)


cdef inline Deal find_deal(const Axis *axis, Py_ssize_t start) noexcept nogil:
    """Tell which positions have a source, if that of position 0 is `start`."""
    cdef Deal deal
    cdef Py_ssize_t step = axis.src_step
    deal.first = clip(-start, axis.pitch * step)
    deal.last = max(deal.first, clip(axis.src_size - start, axis.pitch * step))
    deal.begin = ceil_div(deal.first, step)
    deal.end = max(deal.begin, deal.last // step)
    return deal


cdef inline void copy_rows(
    const real *x, Py_ssize_t left, const Axis *axes, const Py_ssize_t *m, Py_ssize_t size,
    real *plane,
) noexcept nogil:
    """Copy the rows of one channel that start at m[0], m[1], m[2], one slot each `size` elements.

    Of x `left` elements may be read; up to STEP more are written behind each row.
    """
    cdef Py_ssize_t s, s0, s1, s2, q0, q1, i0, i1, start, from_row, slots = axes[2].slots
    cdef Py_ssize_t columns = axes[2].pitch, step = axes[2].src_step
    cdef bint together = slots > 1 and slots == step and axes[2].dilation == 1
    cdef Window window
    cdef Deal deal
    cdef real *row
    for s0 in range(axes[0].slots):
        for s1 in range(axes[1].slots):
            for s2 in range(1 if together else slots):
                row = plane
                start = src_start(&axes[2], s2, m[2])
                window = find_window(&axes[2], start, columns)
                deal = find_deal(&axes[2], start)
                for q0 in range(axes[0].pitch):
                    i0 = src_start(&axes[0], s0, m[0]) + q0 * axes[0].src_step
                    for q1 in range(axes[1].pitch):
                        i1 = src_start(&axes[1], s1, m[1]) + q1 * axes[1].src_step
                        if 0 <= i0 < axes[0].src_size and 0 <= i1 < axes[1].src_size:
                            from_row = (i0 * axes[1].src_size + i1) * axes[2].src_size
                            if together:
                                deal_row(x + from_row + start, step, &deal, columns, row, size)
                            else:
                                copy_row(
                                    x + from_row, step, left - from_row, &window, columns, row
                                )
                        else:
                            for s in range(slots if together else 1):
                                clear(row + s * size, columns)
                        row += columns
                plane += slots * size if together else size
