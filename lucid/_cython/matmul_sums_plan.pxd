"""How the weight gradient as a product cuts its work: what lies in the lanes, blocks, tasks."""

from lucid._cython.fetch cimport Rows
from lucid._cython.matmul_columns cimport Run, plane_room
from lucid._cython.matmul_plan cimport Phase, Product, block_width, set_phase
from lucid._cython.matmul_rows cimport STEP
from lucid._cython.microkernel cimport LANE_BYTES, MAX_LANES, ROWS
from lucid._cython.padded cimport ceil_div, clip

cdef enum:
    BLOCK_BYTES = 256 << 10  # of the columns or planes of a task: a part of a second-level cache
    TURNED_BYTES = 384 << 10  # of what is turned
    WIDTH = 1024  # columns of a block of dots, at most; 256 if one matrix is turned
    TASKS = 8  # at least half as many, whatever the threads
    SUMS_BYTES = 4 << 20  # of all tasks that add to the same weights; of the output's rows copied

cdef enum:  # what lies in the lanes
    COLUMNS
    FEATURES
    TERMS

cdef struct Sums:
    Product p
    Phase phase
    Py_ssize_t width  # columns of a block
    Py_ssize_t pitch  # from row to row of a copied block
    bint as_it_is  # whether a block of b is a block of x
    Py_ssize_t range, parts  # channels of a task; tasks for each group, all channels together
    Py_ssize_t share  # channels at a time
    Py_ssize_t chunks  # tasks that add to the same weights
    bint dots  # sums of products of neighbours, or else products of one matrix with lanes of ...
    bint turned  # ... the other, which is y if the result is turned, else b
    bint in_planes  # whether rows of b are read in the planes: with too few channels they are not
    Py_ssize_t wide  # elements from one row of sums to the next
    Py_ssize_t region  # sums of a task, 0 if they are added to the weights at once
    Py_ssize_t x_size  # elements of x in all
    Py_ssize_t rows_size, lanes_size, plane, buffer_size

cdef struct Scratch:  # of a thread
    Rows next  # what the next block reads of y, from where this one's items start
    Py_ssize_t lines  # of it to ask for with every tile
    Run *runs
    Py_ssize_t *offset  # of a tap
    Py_ssize_t *position  # of a column


cdef inline int choose_product(
    Py_ssize_t columns, Py_ssize_t f, Py_ssize_t t, Py_ssize_t lanes
) noexcept nogil:
    """Choose what comes to lie in the lanes, by counting cycles for f features and t terms."""
    cdef Py_ssize_t by_dots, by_features, by_terms, half = lanes // 2
    by_dots = columns * f * t // 10 + 9 * f * t  # lanes are added up in the end
    by_features = columns * (ceil_div(f, half) * half * t // 16 + f) + 6 * f * t
    by_terms = columns * (ceil_div(t, half) * half * f // 16 + 2 * t)
    if by_dots < by_features and by_dots < by_terms:
        return COLUMNS
    return FEATURES if by_features < by_terms else TERMS


cdef inline bint reads_planes(Py_ssize_t channels) noexcept nogil:
    """Tell whether tiles of so many channels are full, where features lie in the lanes."""
    return channels >= 4 * ROWS or channels % ROWS == 0


cdef inline void make_sums(Sums *sums, Py_ssize_t itemsize, int threads) noexcept nogil:
    """Cut the work into tasks; the number of threads only says how many shares are one task's."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t positions, most, f = p.features, t, size, tasks, unit
    cdef Py_ssize_t lanes = LANE_BYTES // itemsize
    cdef int lies
    set_phase(p, &sums.phase, 0)
    positions = sums.phase.positions
    lies = choose_product(p.items * positions, f, p.channels * p.taps, lanes)
    sums.dots, sums.turned = lies == COLUMNS, lies == FEATURES
    most = max(WIDTH // 16, min(<Py_ssize_t> WIDTH, SUMS_BYTES // (f * itemsize)))
    if sums.turned:
        most = max(WIDTH // 4, min(most, TURNED_BYTES // (ceil_div(f, lanes) * LANE_BYTES)))
    p.together = max(1, clip(most // positions, p.items))
    p.pieces = ceil_div(positions, most)
    p.blocks = ceil_div(p.items, p.together) * p.pieces
    sums.width = block_width(p, &sums.phase, STEP)
    sums.pitch = ceil_div(sums.width + MAX_LANES, STEP) * STEP + STEP
    sums.as_it_is = p.taps == 1 and p.src_plane == positions and p.axes[2].src_step == 1
    sums.as_it_is = sums.as_it_is and p.axes[2].src_low == 0 and p.axes[0].dst_size == 1
    sums.as_it_is = sums.as_it_is and p.axes[1].dst_size == 1
    sums.plane = plane_room(p, &sums.phase, STEP)
    sums.in_planes = sums.turned and reads_planes(p.channels)
    size = sums.plane if sums.in_planes else sums.pitch * p.taps
    sums.share = max(1, clip(BLOCK_BYTES // (size * itemsize), p.channels))
    sums.share = ceil_div(p.channels, ceil_div(p.channels, sums.share))
    unit = ROWS if sums.turned or sums.dots else lanes  # so that tiles are full
    sums.share = min(p.channels, ceil_div(sums.share, unit) * unit)
    tasks = p.groups * ceil_div(p.channels, sums.share)
    size = max(1, SUMS_BYTES // (p.groups * f * p.channels * p.taps * itemsize))
    sums.chunks = 1 if 2 * tasks >= TASKS else clip(TASKS // tasks, min(size, p.blocks))
    sums.range = p.channels
    if threads > 1:
        sums.range = sums.share * max(1, tasks * sums.chunks // (4 * threads * p.groups))
    sums.parts = ceil_div(p.channels, sums.range)
    sums.x_size = p.items * p.groups * p.channels * p.src_plane
    t = sums.range * p.taps
    sums.wide = p.channels * p.taps  # what the tasks share out are whole shares: so are the bits
    sums.region = 0
    if sums.turned:
        sums.wide = ceil_div(f, lanes) * lanes
        sums.region = sums.wide * t
    elif sums.chunks > 1:
        sums.wide = t
        sums.region = f * t
    t = sums.share * p.taps
    sums.rows_size = f * sums.pitch
    sums.lanes_size = 0
    size = max(t * sums.pitch, sums.share * sums.plane) + sums.plane
    if sums.in_planes:
        size = sums.share * sums.plane
    if sums.turned:
        sums.lanes_size = sums.wide * sums.width
    elif not sums.dots:
        sums.lanes_size = ceil_div(t, lanes) * lanes * sums.width
    sums.buffer_size = sums.rows_size + sums.lanes_size + size + 2 * STEP + lanes
    sums.buffer_size = ceil_div(sums.buffer_size, STEP) * STEP
