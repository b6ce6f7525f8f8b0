"""The weight as the gradient by the input reads it: ROWS channels side by side, term after term.

Where many columns share it, all of it is packed once. A single block needs each panel but once:
there it is copied before its use to a place in the first-level cache, which saves writing it to the
memory and reading it again.
"""

from libc.string cimport memcpy

from lucid._cython.matmul_plan cimport Product
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport Axis, phase_taps, tap_step
from lucid._cython.types cimport real

cdef enum:
    BUNCH = 8  # panels that are packed together


cdef inline void copy_panel(
    const real *w, Py_ssize_t pitch, Py_ssize_t channels, Py_ssize_t features, real *near
) noexcept nogil:
    """Store the weights of one tap by which a panel of features reaches some channels."""
    cdef Py_ssize_t c, j
    for c in range(channels):
        if features == ROWS:
            memcpy(near + c * ROWS, w + c * pitch, ROWS * sizeof(real))
        else:
            for j in range(features):
                near[c * ROWS + j] = w[c * pitch + j]


cdef inline void pack_panels(
    Product *p, const real *w, Py_ssize_t features, real *packed
) noexcept nogil:
    """Store the weights by which some panels of features reach every channel, phase after phase.

    Several panels together, since they lie in one line of the cache and the next one is far off.
    """
    cdef const Axis *axes = p.axes
    cdef Py_ssize_t p0, p1, p2, c, t0, t1, t2, j, k, panel, size = p.channels * p.taps * ROWS
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(p.channels):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                k = (
                                    (p0 + t0 * tap_step(&axes[0])) * axes[1].taps
                                    + p1 + t1 * tap_step(&axes[1])
                                ) * axes[2].taps + p2 + t2 * tap_step(&axes[2])
                                k += c * p.features * p.taps
                                for panel in range(features // ROWS):
                                    if p.taps == 1:
                                        memcpy(packed + panel * size, w + k, ROWS * sizeof(real))
                                        k += ROWS
                                        continue
                                    for j in range(ROWS):
                                        packed[panel * size + j] = w[k]
                                        k += p.taps
                                for j in range(features % ROWS):
                                    packed[features // ROWS * size + j] = w[k + j * p.taps]
                                packed += ROWS
