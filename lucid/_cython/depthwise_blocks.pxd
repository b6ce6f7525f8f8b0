"""Blocks that strips set whole: a gradient of stride 2, and taps of several planes."""

from libc.string cimport memcpy

from lucid._cython.depthwise_plan cimport Plan, low_of, set_run, set_run_by_two
from lucid._cython.padded cimport Axis, dst_start, shift, src_start
from lucid._cython.paired_strips cimport set_paired_planes
from lucid._cython.paired_strips_of_many_taps cimport set_paired_planes_of_many_taps
from lucid._cython.sliding cimport Run, set_rows
from lucid._cython.strips cimport THREE, Planes
from lucid._cython.strips_of_many_taps cimport MOST_TAPS, set_plane_in_depth
from lucid._cython.types cimport real


cdef inline void set_block_by_two(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *m, const Py_ssize_t *size,
    Py_ssize_t channels, const real *bias, real *y,
) noexcept nogil:
    """Set a block of the input gradient of square taps and stride 2."""
    cdef Run run
    cdef Planes planes
    cdef Py_ssize_t m0, first = set_run_by_two(plan, &run, m[1], size[1])
    planes.count, planes.x_step, planes.y_step = channels, plan.plane, plan.dst_plane
    x += m[0] * plan.step0 - run.first * plan.step1
    y += m[0] * plan.axes[1].dst_size * run.columns
    y += max(0, dst_start(&plan.axes[1], 0, m[1])) * run.columns
    for m0 in range(size[0]):
        if plan.height > THREE:
            set_paired_planes_of_many_taps(
                &run, &planes, x, w, bias, y, first, low_of(&plan.axes[2])
            )
        else:
            set_paired_planes(&run, &planes, x, w, bias, y, -first, plan.axes[2].dst_low == 1)
        x += plan.step0
        y += plan.axes[1].dst_size * run.columns


cdef inline void set_block_in_depth(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, const real *bias, real *y,
) noexcept nogil:
    """Set a block of one channel, plane after plane, with the taps whose planes lie inside x."""
    cdef Axis *axes = plan.axes
    cdef Run run
    cdef Planes planes
    cdef Py_ssize_t across[MOST_TAPS * MOST_TAPS]
    cdef Py_ssize_t m0, first, last, taps = axes[2].taps, t, plane
    for t in range(axes[0].taps * taps):
        across[t] = offset[t % taps] - shift(&axes[0], 0) * plan.step0
    set_run(plan, &run, 0, src_start(&axes[1], 0, m[1]), size[1], m[2], size[2])
    run.y_step = axes[2].dst_size
    planes.count, planes.x_step, planes.y_step = 1, plan.step0, axes[1].dst_size * run.y_step
    y += m[0] * planes.y_step + m[1] * run.y_step
    for m0 in range(size[0]):
        first = last = 0
        for t in range(axes[0].taps):
            plane = src_start(&axes[0], 0, m[0] + m0) + shift(&axes[0], t)
            if 0 <= plane < axes[0].src_size:
                last = t + 1
            elif last == 0:
                first = t + 1
        if last == 0:
            set_rows(&run, bias, y, <int> run.rows)
        else:
            run.offset, run.taps = offset + first * taps, (last - first) * taps
            set_plane_in_depth(
                &run, across, &planes, x, w + first * taps * plan.height, bias, y
            )
        x += plan.step0
        y += planes.y_step


cdef inline void put_sums(
    const Planes *sums, const real *result, Py_ssize_t y_step, bint first, real *y
) noexcept nogil:
    """Set planes of y to the sums, or if they are not the `first`, add these."""
    cdef Py_ssize_t c, q
    for c in range(sums.count):
        if first:
            memcpy(y, result, sums.y_step * sizeof(real))
        else:
            for q in range(sums.y_step):
                y[q] += result[q]
        result += sums.y_step
        y += y_step


cdef inline void set_block_by_two_in_depth(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, Py_ssize_t channels, const real *bias, real *result, real *y,
    void (*set_strips)(
        const Run *, const Planes *, const real *, const real *, const real *, real *
    ) noexcept nogil,
) noexcept nogil:
    """Set a block of some channels, plane after plane, with taps of stride 2 of several planes.

    Strips set the sums of one plane of taps. As they reach beyond the end of a plane, where the
    next channel may have begun already, the sums have a place of their own.
    """
    cdef Axis *depth = plan.axes
    cdef Run run
    cdef Planes sums
    cdef Py_ssize_t m0, t, plane, c
    cdef bint first
    set_run(plan, &run, 0, src_start(&plan.axes[1], 0, m[1]), size[1], m[2], size[2])
    run.y_step = run.columns
    run.offset, run.taps = offset, plan.height
    sums.count, sums.x_step, sums.y_step = channels, plan.plane, run.rows * run.columns
    y += (m[0] * plan.axes[1].dst_size + m[1]) * run.columns
    for m0 in range(size[0]):
        first = True
        for t in range(depth.taps):
            plane = m0 * depth.src_step + t * depth.dilation
            if 0 <= src_start(depth, 0, m[0]) + plane < depth.src_size:
                set_strips(
                    &run, &sums, x + plane * plan.step0,
                    w + t * channels * plan.height * plan.height,
                    bias if first else <const real *> plan.zeros, result,
                )
                put_sums(&sums, result, plan.dst_plane, first, y)
                first = False
        if first:
            for c in range(channels):
                set_rows(&run, bias + c, y + c * plan.dst_plane, <int> run.rows)
        y += plan.axes[1].dst_size * run.columns
