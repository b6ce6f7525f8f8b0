"""Features side by side where positions, or taps, are: of an operand, and of the sums of a block.

They are turned in squares as wide as a register. The sums of a block are all turned before any is
written, so that each channel of y is written in one long run.
"""

from lucid._cython.features_tiles cimport LINE_BYTES
from lucid._cython.microkernel cimport MAX_VECTOR, VECTOR_BYTES
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real


cdef inline void shuffle(const real *deck, real *shuffled) noexcept nogil:
    """Shuffle side * side cards perfectly: those of the two halves take turns."""
    cdef int i, half = (VECTOR_BYTES // sizeof(real)) * (VECTOR_BYTES // sizeof(real)) // 2
    for i in range(half):
        shuffled[2 * i] = deck[i]
        shuffled[2 * i + 1] = deck[half + i]


cdef inline void turn_square(
    const real *rows, Py_ssize_t pitch, Py_ssize_t last, real *square
) noexcept nogil:
    """Transpose a square as wide as a register: ``square[l, r] = rows[r * pitch + l]``.

    A perfect shuffle rotates the bits of a card's number by one: as many shuffles as `side` has
    bits exchange row and column. The compiler makes permutations of registers of them. Row `last`
    stands for those behind it, which are not read.
    """
    cdef real other[MAX_VECTOR * MAX_VECTOR]
    cdef int r, l, side = VECTOR_BYTES // sizeof(real)
    for r in range(side):
        for l in range(side):
            square[r * side + l] = rows[l]
        rows += pitch if r < last else 0
    if side >= 4:
        shuffle(square, other)
        shuffle(other, square)
    if side == 16:
        shuffle(square, other)
        shuffle(other, square)
    elif side != 4:
        shuffle(square, other)
        for l in range(side * side):
            square[l] = other[l]


cdef inline void transpose(
    const real *sums, int lanes, Py_ssize_t pitch, real *turned
) noexcept nogil:
    """Turn the sums of a block, ``turned[f, o] = sums[o, f]``, for `lanes` features."""
    cdef real square[MAX_VECTOR * MAX_VECTOR]
    cdef Py_ssize_t o, f, j, l, side = VECTOR_BYTES // sizeof(real)
    for o in range(pitch // side):
        for f in range(lanes // side):
            turn_square(sums + o * side * lanes + f * side, lanes, side - 1, square)
            for j in range(side):
                for l in range(side):
                    turned[(f * side + j) * pitch + o * side + l] = square[j * side + l]


cdef inline void turn_line(
    const real *y, Py_ssize_t plane, Py_ssize_t count, Py_ssize_t features, real *packed
) noexcept nogil:
    """Put a line of features side by side: ``packed[o, f] = y[f, o]``, for o < `count`.

    Where there are fewer features, the last one is repeated. The last square begins so early that
    it ends with the rows.
    """
    cdef real square[MAX_VECTOR * MAX_VECTOR]
    cdef Py_ssize_t o, f, at, first, j, l, side = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t lanes = LINE_BYTES // sizeof(real)
    if count < side:
        for o in range(count):
            for f in range(lanes):
                packed[o * lanes + f] = y[min(f, features - 1) * plane + o]
        return
    for f in range(lanes // side):
        first = min(f * side, features - 1)
        for o in range(ceil_div(count, side)):
            at = min(o * side, count - side)
            turn_square(y + first * plane + at, plane, features - 1 - first, square)
            for j in range(side):
                for l in range(side):
                    packed[(at + j) * lanes + f * side + l] = square[j * side + l]


cdef inline void turn_taps(
    const real *w, const real *end, Py_ssize_t plane, Py_ssize_t taps, Py_ssize_t features,
    real *packed, Py_ssize_t pitch,
) noexcept nogil:
    """Put a line of features side by side: ``packed[t * pitch + f] = w[f * plane + t]``.

    Where there are fewer features, the last one is repeated. Squares reach beyond the taps, but not
    beyond `end`.
    """
    cdef real square[MAX_VECTOR * MAX_VECTOR]
    cdef Py_ssize_t f, t, at, first, last, j, l, side = VECTOR_BYTES // sizeof(real)
    for f in range(<Py_ssize_t> (LINE_BYTES // VECTOR_BYTES)):
        first = min(f * side, features - 1)
        last = min(side, features - first) - 1
        for t in range(ceil_div(taps, side)):
            at = t * side
            if w + (first + last) * plane + at + side <= end:
                turn_square(w + first * plane + at, plane, last, square)
                for j in range(min(side, taps - at)):
                    for l in range(side):
                        packed[(at + j) * pitch + f * side + l] = square[j * side + l]
            else:
                for j in range(at, min(at + side, taps)):
                    for l in range(side):
                        packed[j * pitch + f * side + l] = w[(first + min(l, last)) * plane + j]


cdef inline void put(
    const real *turned, Py_ssize_t pitch, Py_ssize_t count, Py_ssize_t features, const real *bias,
    real *y, Py_ssize_t dst_plane,
) noexcept nogil:
    """Write the sums of a block, ``y[f, o] = bias[f] + turned[f, o]``, or add them."""
    cdef Py_ssize_t f, o
    for f in range(features):
        if bias == NULL:
            for o in range(count):
                y[o] += turned[o]
        else:
            for o in range(count):
                y[o] = bias[f] + turned[o]
        turned += pitch
        y += dst_plane
