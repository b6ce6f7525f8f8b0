"""The sums of a few runs of neighbouring positions, a cache line of features each, in registers.

Of a run one address is kept; its positions follow at a step that the compiler knows. So every
multiply-add takes one value of x from memory, spread over the lanes, by an address of its own, and
nearly all registers hold sums: 28 of 32 with AVX-512. There the loop runs at the limit of the
multiply-add unit. It needs loops that are unrolled wholly: see MORE in `setup.py`.
"""

from lucid._cython.types cimport real

cdef extern from *:
    """
    #if defined(__AVX512F__)
    #define LUCID_SUMS 28
    #define LUCID_MAX_RUN 8
    #elif defined(__AVX2__) || defined(__aarch64__)
    #define LUCID_SUMS 6
    #define LUCID_MAX_RUN 6
    #else
    #define LUCID_SUMS 3
    #define LUCID_MAX_RUN 3
    #endif
    #if defined(__GNUC__)  /* so that the length of a run reaches the loops as a constant */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE __inline__ __attribute__((always_inline))
    #endif
    """
    enum:
        SUMS "LUCID_SUMS"  # positions, of a line each, whose sums fit in the registers
        MAX_RUN "LUCID_MAX_RUN"  # positions

cdef enum:
    LINE_BYTES = 64  # features that are summed up together
    MAX_LINE = 16  # floats of it
    MAX_RUNS = 9  # as many addresses have registers
    MAX_STEP = 3  # of runs of any length; if positions are further apart there are some lengths
    FAR_RUN = 8  # ... or where registers are few, and for float64, only runs of 1


cdef inline Py_ssize_t runs_of(Py_ssize_t run) noexcept nogil:
    """Count the runs of a tile; if each needs one sum only, a ninth address has no register."""
    return min(<Py_ssize_t> MAX_RUNS - (1 if run == 1 else 0), SUMS // run)


cdef inline Py_ssize_t half_of(Py_ssize_t runs) noexcept nogil:
    """Count the runs of a half tile, which the last one is if these are all that is left."""
    return (runs + 1) // 2


cdef inline Py_ssize_t choose_run(
    Py_ssize_t rows, Py_ssize_t width, Py_ssize_t step, Py_ssize_t lanes
) noexcept nogil:
    """Choose the length of runs that cover some rows with the fewest positions computed twice.

    Short ones ask for more addresses and leave registers empty: they cost an eighth more, and those
    of one position half as much again. Of float64 there are only runs of 4, of which gcc makes
    vectors, and of 1; with the others rows of 2, 3 or 5 positions took three times as long.
    """
    cdef Py_ssize_t run, runs, count, left, cost, best = 1, least = 0
    for run in range(1, min(<Py_ssize_t> MAX_RUN, width) + 1):
        if lanes < MAX_LINE and run != 1 and (run != 4 or step > MAX_STEP):
            continue
        if step > MAX_STEP and run != 1 and not (
            MAX_RUN >= FAR_RUN and (run == 4 or run == FAR_RUN - 1 or run == FAR_RUN)
        ):
            continue
        runs = runs_of(run)
        count = rows * ((width + run - 1) // run)
        left = count % runs
        if left > 0:
            count += (half_of(runs) if left <= half_of(runs) else runs) - left
        cost = count * run * (12 if run == 1 else 9 if run < 4 else 8)
        if run == 1 or cost <= least:
            best, least = run, cost
    return best


cdef inline void sum_runs(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, int runs, int run, int step,
) noexcept nogil:
    """Sum up some runs, for numbers that the compiler must know."""
    cdef real acc[MAX_RUNS][MAX_RUN][MAX_LINE]
    cdef const real *row[MAX_RUNS]
    cdef Py_ssize_t t
    cdef int i, j, l, lanes = LINE_BYTES // sizeof(real)
    for i in range(runs):
        row[i] = x + base[i]
        for j in range(run):
            for l in range(lanes):
                acc[i][j][l] = 0
    for t in range(max(terms, <Py_ssize_t> 1)):  # or gcc keeps the sums of none in memory, too
        for i in range(runs):
            for j in range(run):
                for l in range(lanes):
                    acc[i][j][l] += row[i][offset[t] + j * step] * w[t * lanes + l]
    for i in range(runs):
        for j in range(run):
            for l in range(lanes):
                sums[to[i] + j * lanes + l] = acc[i][j][l]


cdef inline void sum_some(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, Py_ssize_t left, int run, int step,
) noexcept nogil:
    """`sum_tile` for a length of the runs and a step that the compiler must know."""
    cdef int runs = <int> runs_of(run), half = <int> half_of(runs)
    if left <= half:
        sum_runs(x, base, offset, w, terms, sums, to, half, run, step)
    else:
        sum_runs(x, base, offset, w, terms, sums, to, runs, run, step)


cdef inline void sum_step(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, Py_ssize_t left, Py_ssize_t run, int step,
) noexcept nogil:
    """`sum_tile` for a step that the compiler must know."""
    if run == 8 and MAX_RUN >= 8 and sizeof(real) == 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 8, step)
    elif run == 7 and MAX_RUN >= 7 and sizeof(real) == 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 7, step)
    elif run == 6 and MAX_RUN >= 6 and sizeof(real) == 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 6, step)
    elif run == 5 and MAX_RUN >= 5 and sizeof(real) == 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 5, step)
    elif run == 4 and MAX_RUN >= 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 4, step)
    elif run == 3 and sizeof(real) == 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 3, step)
    elif sizeof(real) == 4:
        sum_some(x, base, offset, w, terms, sums, to, left, 2, step)


cdef inline void sum_far(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, Py_ssize_t left, Py_ssize_t run, int step,
) noexcept nogil:
    """`sum_tile` for any step: addresses take registers, or instructions, that were free."""
    if run == FAR_RUN:
        sum_some(x, base, offset, w, terms, sums, to, left, FAR_RUN, step)
    elif run == FAR_RUN - 1:
        sum_some(x, base, offset, w, terms, sums, to, left, FAR_RUN - 1, step)
    else:
        sum_some(x, base, offset, w, terms, sums, to, left, 4, step)


cdef inline void sum_tile(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, Py_ssize_t left, Py_ssize_t run,
    Py_ssize_t step,
) noexcept nogil:
    """``sums[to[i] + j, l] = sum over t of x[base[i] + j * step + offset[t]] * w[t, l]``.

    For j < run and the features l of a line; for i < runs_of(run), or half of that if no more runs
    are `left`. Two runs may overlap.
    """
    if run == 1:
        sum_some(x, base, offset, w, terms, sums, to, left, 1, 1)
    elif step == 1:
        sum_step(x, base, offset, w, terms, sums, to, left, run, 1)
    elif step == 2:
        sum_step(x, base, offset, w, terms, sums, to, left, run, 2)
    elif step == 3:
        sum_step(x, base, offset, w, terms, sums, to, left, run, 3)
    elif MAX_RUN >= FAR_RUN and sizeof(real) == 4:
        sum_far(x, base, offset, w, terms, sums, to, left, run, <int> step)
