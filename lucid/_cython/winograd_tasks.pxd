"""How threads share a Winograd forward: few meetings, large tasks, and data of their own.

Threads that wait for one another sleep, and to wake one takes as long as many products. And where
processors share no cache, what one thread writes is slow to read, or to overwrite, for another. So
they meet once or twice, and the rest of the time each takes tasks that need nothing of the others:

* Where all transformed weights are held, a task is a column of tiles: its thread transforms the
  inputs and uses them at once. With many columns, each thread transforms all weights for itself.
* Where the weights are too many, but the columns many, too, a task is a block of columns: its
  thread transforms their inputs, then panel after panel of weights, and uses both.
* Else threads share the transformed inputs, and a task is a few panels: its thread transforms the
  weights, and uses them for all columns that are held. So 512 channels of 7x7 take 4 meetings, not
  130, and two threads 0.8 to 0.35 of the time, the less the longer a processor takes to wake.

What a kernel transforms and multiplies is its own: it gives the three functions and their sizes.
Two threads, 256 channels of 56x56, blocks against shared inputs: 0.84 of the time without a common
cache, 1.04 with one; 128 channels to 64 of 32x32, all weights against shared inputs: 0.62 and 0.91.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.winograd_tiles cimport SLICES

cdef enum:
    WEIGHT_BYTES = 3500000  # all weights, if they are no more: 128 outputs of 4x4 with stride 2
    COPIES_BYTES = 7000000  # of them for each thread, in all, if each has so many columns:
    ALL_BYTES = 8000000  # with these copies and inputs, unless the images are large, too:
    MANY_COLUMNS = 8  # of so many columns for each thread
    COPY_COLUMNS = 2  # 128 channels of 28x28: 0.98 of the time, without a common cache 0.83
    TURN_BYTES = 400000  # else each transforms so much at a time, for every block of inputs
    INPUT_BYTES = 5000000  # inputs that all threads share, at most
    BLOCKS_BYTES = 8700000  # inputs of all threads, where each has its own

# Transform a slice of the depth of a column; transform a panel; add to y their products.
ctypedef void (*TransformColumn)(
    const void *plan, const float *x, Py_ssize_t column, Py_ssize_t slice, Py_ssize_t slices,
    float *inputs,
) noexcept nogil
ctypedef void (*TransformPanel)(
    const void *plan, const float *w, Py_ssize_t panel, float *weights
) noexcept nogil
ctypedef void (*RunPanels)(
    const void *plan, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil

cdef struct Tasks:
    const void *plan  # of the kernel, whose functions get it
    TransformColumn transform_column
    TransformPanel transform_panel
    RunPanels run_panels
    Py_ssize_t columns, columns_held  # of tiles: in all; that threads share
    Py_ssize_t panels, panels_held  # of ROWS features: in all; of a task
    Py_ssize_t share  # panels that use an input while it is near
    Py_ssize_t input_size, weight_size, result_size  # elements of a column, panel, their products
    bint whole  # all weights are held
    Py_ssize_t blocks  # of columns, each for one thread; 0 if threads share the inputs
    int copies  # of all weights: one for all threads, or one for each where it is soon made
    Py_ssize_t shared_size, own_size  # elements for all threads; for each


cdef inline void cut_blocks(Tasks *tasks, int threads) noexcept nogil:
    """Choose how many columns are held, for all threads or for each.

    Weights are transformed for every block of columns that is held. Each thread has blocks of its
    own, if that makes no more than half as many again as threads that share them need.
    """
    cdef Py_ssize_t turns, each, size = 4 * tasks.input_size
    turns = ceil_div(tasks.columns, max(1, INPUT_BYTES // size))
    tasks.columns_held = ceil_div(tasks.columns, turns)
    each = BLOCKS_BYTES // (threads * size)
    if threads > 1 and each > 0:
        tasks.blocks = threads * ceil_div(tasks.columns, threads * each)
        if 2 * tasks.blocks > 3 * turns:
            tasks.blocks = 0
        else:
            tasks.columns_held = ceil_div(tasks.columns, tasks.blocks)


cdef inline void cut_tasks(Tasks *tasks, int threads) noexcept nogil:
    """Choose tasks that fit the caches: columns, panels or blocks, which all give the same bits.

    Of columns, threads share only those left over, or some of the threads would have no task.
    """
    cdef int alone = threads if tasks.columns >= threads else 0  # that take columns
    cdef Py_ssize_t weights = tasks.panels * tasks.weight_size, size
    tasks.panels_held, tasks.copies, tasks.blocks = tasks.panels, 1, 0
    tasks.columns_held = tasks.columns % threads
    tasks.whole = 4 * weights <= WEIGHT_BYTES and (
        4 * (tasks.columns_held + alone) * tasks.input_size <= INPUT_BYTES
    )
    if tasks.whole:
        size = threads * (weights + tasks.input_size) + tasks.columns_held * tasks.input_size
        if 4 * size <= ALL_BYTES or tasks.columns >= MANY_COLUMNS * threads:
            if tasks.columns >= COPY_COLUMNS * threads and 4 * threads * weights <= COPIES_BYTES:
                tasks.copies = threads
    else:
        tasks.panels_held = clip(max(1, TURN_BYTES // (4 * tasks.weight_size)), tasks.panels)
        cut_blocks(tasks, threads)
    tasks.share = min(tasks.share, tasks.panels_held)
    tasks.own_size = tasks.share * tasks.result_size
    tasks.shared_size = tasks.columns_held * tasks.input_size
    if tasks.whole:
        tasks.shared_size += tasks.copies * weights
        tasks.own_size += tasks.input_size if alone else 0
    else:
        tasks.shared_size *= threads if tasks.blocks else 1
        tasks.own_size += tasks.panels_held * tasks.weight_size


cdef inline void multiply_panels(
    const Tasks *tasks, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute the features of some panels of one column of tiles, `share` panels at a time."""
    cdef Py_ssize_t p = 0
    while p < panels:
        tasks.run_panels(
            tasks.plan, inputs, weights + p * tasks.weight_size, column, panel + p,
            min(tasks.share, panels - p), y, result,
        )
        p += tasks.share


cdef inline void transform_panels(
    const Tasks *tasks, const float *w, float *weights
) noexcept nogil:
    """Transform all weights."""
    cdef Py_ssize_t p
    for p in range(tasks.panels):
        tasks.transform_panel(tasks.plan, w, p, weights + p * tasks.weight_size)


cdef inline void prepare(
    const Tasks *tasks, const float *x, const float *w, Py_ssize_t start, Py_ssize_t columns,
    float *inputs, float *weights, int threads,
) noexcept nogil:
    """Transform what threads share: some columns from `start` on and, if they are held, weights."""
    cdef Py_ssize_t turn, copy, panel, slice, slices = SLICES if threads > 1 else 1
    cdef Py_ssize_t count = tasks.panels if tasks.whole else 0
    cdef Turns of_panels, of_slices
    if count and tasks.copies > 1:
        for copy in prange(tasks.copies, num_threads=threads, schedule="static"):
            transform_panels(tasks, w, weights + copy * count * tasks.weight_size)
        count = 0
    deal(&of_panels, count, threads)  # each thread the panels that it uses later
    deal(&of_slices, columns * slices, threads)
    for turn in prange(count + columns * slices, num_threads=threads, schedule="dynamic"):
        if turn < count:
            panel = next_task(&of_panels, threadid())
            tasks.transform_panel(tasks.plan, w, panel, weights + panel * tasks.weight_size)
        else:
            slice = next_task(&of_slices, threadid())
            tasks.transform_column(
                tasks.plan, x, start + slice // slices, slice % slices, slices,
                inputs + slice // slices * tasks.input_size,
            )


cdef inline void run_by_columns(
    const Tasks *tasks, const float *x, const float *w, float *y, float *shared, float *own,
    int threads, Watch *watch,
) noexcept nogil:
    """Compute all columns, each on one thread; of the last ones, each panel is a task."""
    cdef Py_ssize_t alone = tasks.columns - tasks.columns_held, turn, column, panel
    cdef float *copies = shared + tasks.columns_held * tasks.input_size
    cdef float *weights
    cdef float *result
    cdef float *inputs
    cdef Py_ssize_t rest = tasks.columns_held * tasks.panels
    cdef Turns columns, panels
    prepare(tasks, x, w, alone, tasks.columns_held, shared, copies, threads)
    deal(&columns, alone, threads)
    deal(&panels, rest, threads)
    for turn in prange(alone + rest, num_threads=threads, schedule="dynamic"):
        if interrupted(watch):
            continue
        result = own + threadid() * tasks.own_size
        weights = copies + threadid() % tasks.copies * tasks.panels * tasks.weight_size
        if turn < alone:
            column = next_task(&columns, threadid())
            inputs = result + tasks.share * tasks.result_size
            tasks.transform_column(tasks.plan, x, column, 0, 1, inputs)
            multiply_panels(tasks, inputs, weights, column, 0, tasks.panels, y, result)
        else:
            panel = next_task(&panels, threadid())
            column, panel = panel // tasks.panels, panel % tasks.panels
            multiply_panels(
                tasks, shared + column * tasks.input_size, weights + panel * tasks.weight_size,
                alone + column, panel, 1, y, result,
            )


cdef inline void run_share(
    const Tasks *tasks, const float *w, Py_ssize_t share, const float *inputs, Py_ssize_t start,
    Py_ssize_t columns, float *y, float *own,
) noexcept nogil:
    """Transform as many panels as a thread holds, and use them for some columns."""
    cdef float *weights = own + tasks.share * tasks.result_size
    cdef Py_ssize_t first = share * tasks.panels_held, p, column
    cdef Py_ssize_t panels = min(tasks.panels_held, tasks.panels - first)
    for p in range(panels):
        tasks.transform_panel(tasks.plan, w, first + p, weights + p * tasks.weight_size)
    for column in range(columns):
        multiply_panels(
            tasks, inputs + column * tasks.input_size, weights, start + column, first, panels,
            y, own,
        )


cdef inline void run_by_panels(
    const Tasks *tasks, const float *x, const float *w, float *y, float *inputs, float *own,
    int threads, Watch *watch,
) noexcept nogil:
    """Compute as many columns as are held, some panels on one thread; then the next ones."""
    cdef Py_ssize_t start = 0, columns, turn, share, shares
    cdef Turns turns
    shares = ceil_div(tasks.panels, tasks.panels_held)
    while start < tasks.columns and not interrupted(watch):
        columns = min(tasks.columns_held, tasks.columns - start)
        prepare(tasks, x, w, start, columns, inputs, NULL, threads)
        deal(&turns, shares, threads)
        for turn in prange(shares, num_threads=threads, schedule="dynamic"):
            if interrupted(watch):
                continue
            share = next_task(&turns, threadid())
            run_share(
                tasks, w, share, inputs, start, columns, y, own + threadid() * tasks.own_size
            )
        start += columns


cdef inline void run_block(
    const Tasks *tasks, const float *x, const float *w, Py_ssize_t block, float *y,
    float *inputs, float *own, Watch *watch,
) noexcept nogil:
    """Compute a block of columns on the thread that calls, all panels."""
    cdef Py_ssize_t start = block * tasks.columns // tasks.blocks, column, share
    cdef Py_ssize_t columns = (block + 1) * tasks.columns // tasks.blocks - start
    for column in range(columns):
        tasks.transform_column(
            tasks.plan, x, start + column, 0, 1, inputs + column * tasks.input_size
        )
    for share in range(ceil_div(tasks.panels, tasks.panels_held)):
        if interrupted(watch):
            return
        run_share(tasks, w, share, inputs, start, columns, y, own)


cdef inline void run_by_blocks(
    const Tasks *tasks, const float *x, const float *w, float *y, float *inputs, float *own,
    int threads, Watch *watch,
) noexcept nogil:
    """Compute all columns, a block of them on one thread."""
    cdef Py_ssize_t turn
    cdef Turns turns
    deal(&turns, tasks.blocks, threads)
    for turn in prange(tasks.blocks, num_threads=threads, schedule="dynamic"):
        run_block(
            tasks, x, w, next_task(&turns, threadid()), y,
            inputs + threadid() * tasks.columns_held * tasks.input_size,
            own + threadid() * tasks.own_size, watch,
        )


cdef inline void run_tasks(
    const Tasks *tasks, const float *x, const float *w, float *y, float *shared, int threads,
    Watch *watch,
) noexcept nogil:
    """Add to y the products of all columns and panels, in `shared_size` and each `own_size`."""
    cdef float *own = shared + tasks.shared_size
    if tasks.whole:
        run_by_columns(tasks, x, w, y, shared, own, threads, watch)
    elif tasks.blocks:
        run_by_blocks(tasks, x, w, y, shared, own, threads, watch)
    else:
        run_by_panels(tasks, x, w, y, shared, own, threads, watch)
