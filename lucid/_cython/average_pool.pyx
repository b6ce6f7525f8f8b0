r"""Pooling by the average: one number for each window of each plane, by its definition.

With the position i of tap k of output o, as `windows.pxd` tells it:

====================  ===================================================
`average_pool`        ``y[p, o] = (sum over k of x[p, i]) / divisor[o]``
`average_input_grad`  ``x[p, i] += y[p, o] / divisor[o]``
====================  ===================================================

Sums of more than `BLOCK` taps are added up in double precision, a block at a time: with a million
equal numbers in one sum of their own precision, each addition is rounded the same way, and a
hundredth of the average is lost.

Cost: one addition for each (p, o, k), and memory: every x and y once. Threads split the planes and
share nothing.
"""

from cython.parallel cimport prange

from lucid._cython.types cimport real
from lucid._cython.windows cimport CHUNK, Axis, Run, axis_of, position_of, run_of

cdef enum:
    BLOCK = 512  # taps that are added up in the precision of x


cdef inline void add_up(
    const real *x, Py_ssize_t step, real *total, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t o
    if step == 1:
        for o in range(count):
            total[o] += x[o]
    elif step == 2:
        for o in range(count):
            total[o] += x[o * 2]
    else:
        for o in range(count):
            total[o] += x[o * step]


cdef inline void add_out(
    real *x, Py_ssize_t step, const real *share, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t o
    if step == 1:
        for o in range(count):
            x[o] += share[o]
    else:
        for o in range(count):
            x[o * step] += share[o]


cdef inline void move(real *part, double *total, Py_ssize_t count) noexcept nogil:
    """Add the sums of a block to those of all, and begin anew."""
    cdef Py_ssize_t o
    for o in range(count):
        total[o] += part[o]
        part[o] = 0


cdef inline void average_chunk(
    const real *x, real *y, const Axis *axes, real divisor, const real *divisors,
    Py_ssize_t o0, Py_ssize_t o1, Py_ssize_t begin, Py_ssize_t count,
) noexcept nogil:
    cdef real part[CHUNK]
    cdef double total[CHUNK]
    cdef Py_ssize_t k0, k1, k2, i0, i1, o, added = 0
    cdef Run run
    cdef bint is_long = axes[0].taps * axes[1].taps * axes[2].taps > BLOCK
    for o in range(count):
        part[o] = 0
    if is_long:
        for o in range(count):
            total[o] = 0
    for k0 in range(axes[0].taps):
        i0 = position_of(&axes[0], o0, k0)
        if i0 < 0:
            continue
        for k1 in range(axes[1].taps):
            i1 = position_of(&axes[1], o1, k1)
            if i1 < 0:
                continue
            for k2 in range(axes[2].taps):
                if added == BLOCK:
                    move(part, total, count)
                    added = 0
                added += 1
                run = run_of(&axes[2], k2, begin, count)
                add_up(
                    x + (i0 * axes[1].size + i1) * axes[2].size + run.position, axes[2].stride,
                    part + run.start, run.stop - run.start,
                )
    if is_long:
        move(part, total, count)
        for o in range(count):
            part[o] = <real> total[o]
    for o in range(count):
        y[o] = part[o] / (divisor * divisors[o])


cdef inline void average_grad_chunk(
    real *x, const real *y, const Axis *axes, real divisor, const real *divisors,
    Py_ssize_t o0, Py_ssize_t o1, Py_ssize_t begin, Py_ssize_t count,
) noexcept nogil:
    cdef real share[CHUNK]
    cdef Py_ssize_t k0, k1, k2, i0, i1, o
    cdef Run run
    for o in range(count):
        share[o] = y[o] / (divisor * divisors[o])
    for k0 in range(axes[0].taps):
        i0 = position_of(&axes[0], o0, k0)
        if i0 < 0:
            continue
        for k1 in range(axes[1].taps):
            i1 = position_of(&axes[1], o1, k1)
            if i1 < 0:
                continue
            for k2 in range(axes[2].taps):
                run = run_of(&axes[2], k2, begin, count)
                add_out(
                    x + (i0 * axes[1].size + i1) * axes[2].size + run.position, axes[2].stride,
                    share + run.start, run.stop - run.start,
                )


cdef inline void average_plane(
    const real *x, real *y, const Axis *axes, const real *divisor0, const real *divisor1,
    const real *divisor2,
) noexcept nogil:
    cdef Py_ssize_t o0, o1, chunk, begin, row
    for o0 in range(axes[0].count):
        for o1 in range(axes[1].count):
            row = (o0 * axes[1].count + o1) * axes[2].count
            for chunk in range((axes[2].count + CHUNK - 1) // CHUNK):
                begin = chunk * CHUNK
                average_chunk(
                    x, y + row + begin, axes, divisor0[o0] * divisor1[o1], divisor2 + begin,
                    o0, o1, begin, min(CHUNK, axes[2].count - begin),
                )


cdef inline void average_grad_plane(
    real *x, const real *y, const Axis *axes, const real *divisor0, const real *divisor1,
    const real *divisor2,
) noexcept nogil:
    cdef Py_ssize_t o0, o1, chunk, begin, row
    for o0 in range(axes[0].count):
        for o1 in range(axes[1].count):
            row = (o0 * axes[1].count + o1) * axes[2].count
            for chunk in range((axes[2].count + CHUNK - 1) // CHUNK):
                begin = chunk * CHUNK
                average_grad_chunk(
                    x, y + row + begin, axes, divisor0[o0] * divisor1[o1], divisor2 + begin,
                    o0, o1, begin, min(CHUNK, axes[2].count - begin),
                )


def average_pool(
    const real[:, :, :, ::1] x not None, real[:, :, :, ::1] y not None,
    const real[:, ::1] divisors not None, tuple kernel_size, tuple stride, tuple low, int threads,
):
    """Write to y (P, *O) the averages of x (P, *I) over its windows.

    A sum is divided by three divisors (3, longest O): those of its places along the three axes.
    """
    cdef Axis axes[3]
    cdef Py_ssize_t p
    cdef int number
    for number in range(3):
        axes[number] = axis_of(
            number, x.shape[number + 1], y.shape[number + 1], kernel_size, stride, (1, 1, 1), low
        )
    for p in prange(x.shape[0], nogil=True, num_threads=threads):
        average_plane(
            &x[p, 0, 0, 0], &y[p, 0, 0, 0], axes, &divisors[0, 0], &divisors[1, 0], &divisors[2, 0]
        )


def average_input_grad(
    real[:, :, :, ::1] x not None, const real[:, :, :, ::1] y not None,
    const real[:, ::1] divisors not None, tuple kernel_size, tuple stride, tuple low, int threads,
):
    """Add to x (P, *I) the derivative of ``<average_pool(x), y>`` by x."""
    cdef Axis axes[3]
    cdef Py_ssize_t p
    cdef int number
    for number in range(3):
        axes[number] = axis_of(
            number, x.shape[number + 1], y.shape[number + 1], kernel_size, stride, (1, 1, 1), low
        )
    for p in prange(x.shape[0], nogil=True, num_threads=threads):
        average_grad_plane(
            &x[p, 0, 0, 0], &y[p, 0, 0, 0], axes, &divisors[0, 0], &divisors[1, 0], &divisors[2, 0]
        )
