r"""Pooling by the maximum: one number for each window of each plane, by its definition.

With the position i of tap k of output o, as `windows.pxd` tells it:

=============  =======================================================================
`max_pool`     ``y[p, o] = max over k of x[p, i]``, ``index[p, o] = i`` of the maximum
`max_scatter`  ``x[p, index[p, o]] += y[p, o]``
`max_gather`   ``y[p, o] = x[p, index[p, o]]``
=============  =======================================================================

The first maximum of a window wins and a NaN beats every number, as in PyTorch, where the last NaN
of several is the one that is indexed.

Cost: one comparison for each (p, o, k), and memory: every x and y once, and 8 bytes of index for
each y. So the loops are built to keep up with memory. Threads split the planes and share nothing.
"""

from cython.parallel cimport prange
from libc.math cimport INFINITY

from lucid._cython.squares cimport max_of_squares
from lucid._cython.types cimport real
from lucid._cython.windows cimport (
    CHUNK, LANES, Axis, Run, axis_of, first_tap, is_halved, position_of, run_of,
)


cdef inline void read_tap(
    const real *x, Py_ssize_t step, const Run *run, real *value, Py_ssize_t padded
) noexcept nogil:
    """Read what one tap sees for a whole chunk; minus infinity, which never wins, elsewhere."""
    cdef Py_ssize_t o
    for o in range(run.start):
        value[o] = -<real> INFINITY
    for o in range(max(run.stop, 0), padded):
        value[o] = -<real> INFINITY
    # a step that the compiler knows becomes vector loads
    if step == 1:
        for o in range(run.stop - run.start):
            value[run.start + o] = x[o]
    elif step == 2:
        for o in range(run.stop - run.start):
            value[run.start + o] = x[o * 2]
    else:
        for o in range(run.stop - run.start):
            value[run.start + o] = x[o * step]


cdef inline void keep_larger(const real *value, real *best, Py_ssize_t padded) noexcept nogil:
    cdef Py_ssize_t o
    for o in range(padded):
        best[o] = value[o] if (value[o] > best[o]) | (value[o] != value[o]) else best[o]


cdef inline void keep_winner(
    const real *value, real *best, int tap, int *winner, Py_ssize_t padded
) noexcept nogil:
    cdef Py_ssize_t o
    cdef bint is_larger
    for o in range(padded):
        is_larger = (value[o] > best[o]) | (value[o] != value[o])
        best[o] = value[o] if is_larger else best[o]
        winner[o] = tap if is_larger else winner[o]


cdef inline void first_winners(
    const Axis *axes, Py_ssize_t o0, Py_ssize_t o1, Py_ssize_t begin, Py_ssize_t count, int *winner
) noexcept nogil:
    """Begin with the first tap inside, which stays where every element is minus infinity."""
    cdef Py_ssize_t k0 = first_tap(&axes[0], o0), k1 = first_tap(&axes[1], o1), k2, o
    cdef Py_ssize_t tap = (k0 * axes[1].taps + k1) * axes[2].taps
    cdef bint is_empty = k0 < 0 or k1 < 0
    for o in range(count):
        winner[o] = <int> tap if not is_empty else -1
    if is_empty:
        return
    for o in range(count):
        if (begin + o) * axes[2].stride >= axes[2].low:
            break
        k2 = first_tap(&axes[2], begin + o)
        winner[o] = <int> (tap + k2) if k2 >= 0 else -1


cdef inline void max_chunk(
    const real *x, real *y, Py_ssize_t *index, const Axis *axes, const Py_ssize_t *offset,
    Py_ssize_t o0, Py_ssize_t o1, Py_ssize_t begin, Py_ssize_t count,
) noexcept nogil:
    cdef real best[CHUNK]
    cdef real value[CHUNK]
    cdef int winner[CHUNK]
    cdef Py_ssize_t k0, k1, k2, i0, i1, o, start
    cdef Py_ssize_t padded = (count + LANES - 1) // LANES * LANES  # whole vectors only
    cdef Run run
    cdef int tap
    for o in range(padded):
        best[o] = -<real> INFINITY
    if index != NULL:
        first_winners(axes, o0, o1, begin, padded, winner)
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
                start = (i0 * axes[1].size + i1) * axes[2].size + run.position
                read_tap(x + start, axes[2].stride, &run, value, padded)
                if index == NULL:
                    keep_larger(value, best, padded)
                else:
                    tap = <int> ((k0 * axes[1].taps + k1) * axes[2].taps + k2)
                    keep_winner(value, best, tap, winner, padded)
    for o in range(count):
        y[o] = best[o]
    if index != NULL:
        start = ((o0 * axes[0].stride - axes[0].low) * axes[1].size
                 + o1 * axes[1].stride - axes[1].low) * axes[2].size
        start += begin * axes[2].stride - axes[2].low
        for o in range(count):
            index[o] = start + o * axes[2].stride + offset[winner[o]] if winner[o] >= 0 else -1


cdef inline void max_plane(
    const real *x, real *y, Py_ssize_t *index, const Axis *axes, const Py_ssize_t *offset
) noexcept nogil:
    cdef Py_ssize_t o0, o1, chunk, begin, row, start
    cdef bint squares = is_halved(&axes[1]) and is_halved(&axes[2]) and (
        axes[0].size == axes[0].taps == axes[0].count == 1 and axes[0].low == 0
    )
    for o0 in range(axes[0].count):
        for o1 in range(axes[1].count):
            row = (o0 * axes[1].count + o1) * axes[2].count
            if squares:
                start = 2 * o1 * axes[2].size
                max_of_squares(
                    x + start, axes[2].size, y + row, index + row if index != NULL else NULL,
                    start, axes[2].count,
                )
                continue
            for chunk in range((axes[2].count + CHUNK - 1) // CHUNK):
                begin = chunk * CHUNK
                max_chunk(
                    x, y + row + begin, index + row + begin if index != NULL else NULL, axes,
                    offset, o0, o1, begin, min(CHUNK, axes[2].count - begin),
                )


def max_pool(
    const real[:, :, :, ::1] x not None, real[:, :, :, ::1] y not None,
    Py_ssize_t[:, :, :, ::1] index, const Py_ssize_t[::1] offset, tuple kernel_size,
    tuple stride, tuple dilation, tuple low, int threads,
):
    """Write to y (P, *O) the maxima of x (P, *I), and to index, unless it is None, where they lie.

    `offset`, read with `index` only, says for each tap how far behind the first it lies in a plane.
    """
    cdef Axis axes[3]
    cdef Py_ssize_t p
    cdef bint wants_index = index is not None
    cdef int number
    for number in range(3):
        axes[number] = axis_of(
            number, x.shape[number + 1], y.shape[number + 1], kernel_size, stride, dilation, low
        )
    for p in prange(x.shape[0], nogil=True, num_threads=threads):
        max_plane(
            &x[p, 0, 0, 0], &y[p, 0, 0, 0], &index[p, 0, 0, 0] if wants_index else NULL, axes,
            &offset[0] if wants_index else NULL,
        )


def max_scatter(
    real[:, ::1] x not None, const Py_ssize_t[:, ::1] index not None,
    const real[:, ::1] y not None, int threads,
):
    """Add each y (P, O) to the element of x (P, I) that index names."""
    cdef Py_ssize_t p, o
    for p in prange(x.shape[0], nogil=True, num_threads=threads):
        for o in range(y.shape[1]):
            if index[p, o] >= 0:
                x[p, index[p, o]] += y[p, o]


def max_gather(
    const real[:, ::1] x not None, const Py_ssize_t[:, ::1] index not None,
    real[:, ::1] y not None, int threads,
):
    """Read into each y (P, O) the element of x (P, I) that index names; 0 for an empty window."""
    cdef Py_ssize_t p, o
    for p in prange(x.shape[0], nogil=True, num_threads=threads):
        for o in range(y.shape[1]):
            y[p, o] = x[p, index[p, o]] if index[p, o] >= 0 else 0
