"""What a depthwise convolution copies: borders, slots of a strided input, phases of its gradient.

Where rows are read where they are (`sliding.pxd`, strips), only the first and last channels of an
array are copied: there a vector could reach outside of it. Otherwise columns of one residue are put
side by side, with zeros around them (`padded.pxd`), and the phases of an input gradient are
put together from rows of their own.
"""

from libc.string cimport memcpy, memset

from lucid._cython.depthwise_plan cimport Plan, span
from lucid._cython.padded cimport Axis, ceil_div, clip, dst_start, src_start
from lucid._cython.rows cimport Window, copy_row, find_window
from lucid._cython.sliding cimport Run
from lucid._cython.types cimport real


cdef inline bint is_inside(Plan *plan, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether vectors that begin or end in `size` elements from `start` on stay inside x."""
    return start >= plan.margin and start + size + plan.margin <= plan.elements


cdef inline const real *stay_inside(
    Plan *plan, const real *x, Py_ssize_t start, Py_ssize_t planes, const Py_ssize_t *m,
    const Py_ssize_t *size, real *buffer,
) noexcept nogil:
    """Return x + start, the first of some planes; of a copy where vectors could reach outside x.

    The copy holds the rows that the block at m[0], m[1] reads of each plane, and what is between.
    """
    cdef Axis *depth = &plan.axes[0]
    cdef Axis *axis = &plan.axes[1]
    cdef Py_ssize_t row = src_start(axis, 0, m[1]), rows = axis.src_size
    cdef Py_ssize_t plane = src_start(depth, 0, m[0])
    cdef Py_ssize_t first = clip(plane, depth.src_size) * plan.step0 + clip(row, rows) * plan.step1
    cdef Py_ssize_t end = (
        (planes - 1) * plan.plane
        + (clip(plane + span(depth, size[0]), depth.src_size) - 1) * plan.step0
        + clip(row + span(axis, size[1]), rows) * plan.step1
    )
    if end <= first or is_inside(plan, start + first, end - first):
        return x + start
    memcpy(buffer + plan.margin, x + start + first, (end - first) * sizeof(real))
    return buffer + plan.margin - first


cdef inline void copy_slot(
    Plan *plan, const real *x, const Window *window, real *row
) noexcept nogil:
    """Copy the rows of one slot. Where a block is all, zeros keep their places, to be reused."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t q0, q1, q, columns = axes[2].pitch, size = axes[2].src_size
    cdef Py_ssize_t step0 = axes[0].src_step * axes[1].src_size * size
    cdef Py_ssize_t step1 = axes[1].src_step * size
    cdef Py_ssize_t first = window[2].first, count = window[2].last - window[2].first
    cdef const real *source
    x += (window[0].start * axes[1].src_size + window[1].start) * size + window[2].start
    if not plan.whole:
        memset(row, 0, window[0].first * plan.step0 * sizeof(real))
    row += window[0].first * plan.step0
    for q0 in range(window[0].last - window[0].first):
        if not plan.whole:
            memset(row, 0, window[1].first * columns * sizeof(real))
        row += window[1].first * columns
        source = x
        for q1 in range(window[1].last - window[1].first):
            if not plan.whole:
                for q in range(first):
                    row[q] = 0
                for q in range(window[2].last, columns):
                    row[q] = 0
            copy_row(source, axes[2].src_step, count, row + first)
            source += step1
            row += columns
        if not plan.whole:
            memset(row, 0, (axes[1].pitch - window[1].last) * columns * sizeof(real))
        row += (axes[1].pitch - window[1].last) * columns
        x += step0
    if not plan.whole:
        memset(row, 0, (axes[0].pitch - window[0].last) * plan.step0 * sizeof(real))


cdef inline void copy_channels(
    Plan *plan, const real *x, Py_ssize_t x_step, Py_ssize_t count, const Py_ssize_t *m,
    real *plane,
) noexcept nogil:
    """Copy `count` channels of the block that starts at m[0], m[1], m[2], `x_step` apart."""
    cdef Axis *axes = plan.axes
    cdef Window window[3]
    cdef Py_ssize_t s0, s1, s2, c
    for s0 in range(axes[0].slots):
        window[0] = find_window(
            &axes[0], src_start(&axes[0], s0, m[0]), axes[0].pitch
        )
        for s1 in range(axes[1].slots):
            window[1] = find_window(
                &axes[1], src_start(&axes[1], s1, m[1]), axes[1].pitch
            )
            for s2 in range(axes[2].slots):
                window[2] = find_window(
                    &axes[2], src_start(&axes[2], s2, m[2]), axes[2].pitch
                )
                for c in range(count):
                    copy_slot(plan, x + c * x_step, window, plane + c * plan.plane)
                plane += axes[0].pitch * plan.step0


cdef inline void interleave(
    Plan *plan, const Run *run, const real *result, Py_ssize_t m2, const real *bias, real *y
) noexcept nogil:
    """Add the phases of the last axis to the columns they belong to, or set them with the bias."""
    cdef Axis *axis = &plan.axes[2]
    cdef const real *row
    cdef real *to
    cdef real value = 0 if bias == NULL else bias[0]
    cdef Py_ssize_t r, p, q, start, first, last, step = axis.dst_step
    cdef Py_ssize_t begin = 1, end = 0  # where both of two phases write
    start = dst_start(axis, 0, m2)
    if axis.phases == 2 and step == 2:
        end = clip((axis.dst_size - start) // 2, run.columns)
        for r in range(run.rows):
            row, to = result + r * plan.result_step, y + r * run.y_step + start
            if bias != NULL:
                for q in range(begin, end):
                    to[2 * q] = value + row[q]
                    to[2 * q + 1] = value + row[plan.result_phase + q]
            else:
                for q in range(begin, end):
                    to[2 * q] += row[q]
                    to[2 * q + 1] += row[plan.result_phase + q]
    end = max(begin, end)
    for p in range(axis.phases):
        start = dst_start(axis, p, m2)
        first = clip(ceil_div(-start, step), run.columns)
        last = clip(ceil_div(axis.dst_size - start, step), run.columns)
        for r in range(run.rows):
            row, to = result + r * plan.result_step, y + r * run.y_step + start
            for q in range(first, min(begin, last)):
                to[q * step] = row[q] + (to[q * step] if bias == NULL else value)
            for q in range(max(first, end), last):
                to[q * step] = row[q] + (to[q * step] if bias == NULL else value)
        result += plan.result_phase
