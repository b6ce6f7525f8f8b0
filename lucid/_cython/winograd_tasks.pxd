"""How threads share a Winograd forward: few meetings, and large tasks between them.

Threads that wait for one another sleep, and to wake one takes as long as many products. So they
meet twice: what all of them read is transformed first, and then each takes tasks that need nothing
of the others. Where all transformed weights are held, a task is a column of tiles: its thread
transforms the inputs and uses them at once. Where they are too many, it is a few panels of
features: its thread transforms the weights, and uses them for all columns that are held. So 512
channels of 7x7 take 4 meetings, not 130, and two threads 0.8 to 0.35 of the time, the less the
longer a processor takes to wake.

What a kernel transforms and multiplies is its own: it gives the three functions and their sizes.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.winograd_tiles cimport SLICES

cdef enum:
    WEIGHT_BYTES = 3145728  # all weights, if they are no more; else each thread transforms ...
    TURN_BYTES = 400000  # ... so much at a time, for every block of inputs
    INPUT_BYTES = 5000000  # inputs of all threads, at most
    COPIES_BYTES = 6291456  # all weights for each thread, if they are no more and each ...
    COPY_COLUMNS = 4  # ... has so many columns: far processors, 64 channels: 0.86 of the time

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
    int copies  # of them: one for all threads, or one for each where it is soon made
    Py_ssize_t shared_size, own_size  # elements for all threads; for each


cdef inline void cut_tasks(Tasks *tasks, int threads) noexcept nogil:
    """Choose tasks that fit the caches, columns or panels: both give the same bits.

    Of columns, threads share only those left over, or some of the threads would have no task.
    """
    cdef int alone = threads if tasks.columns >= threads else 0  # that take columns
    tasks.panels_held = tasks.panels
    tasks.columns_held = tasks.columns % threads
    tasks.whole = 4 * tasks.panels * tasks.weight_size <= WEIGHT_BYTES and (
        4 * (tasks.columns_held + alone) * tasks.input_size <= INPUT_BYTES
    )
    if not tasks.whole:
        tasks.panels_held = clip(max(1, TURN_BYTES // (4 * tasks.weight_size)), tasks.panels)
        tasks.columns_held = max(1, clip(INPUT_BYTES // (4 * tasks.input_size), tasks.columns))
        tasks.columns_held = ceil_div(tasks.columns, ceil_div(tasks.columns, tasks.columns_held))
    tasks.copies = 1
    if tasks.columns >= COPY_COLUMNS * threads:
        if threads * 4 * tasks.panels * tasks.weight_size <= COPIES_BYTES:
            tasks.copies = threads
    tasks.share = min(tasks.share, tasks.panels_held)
    tasks.own_size = tasks.share * tasks.result_size
    tasks.shared_size = tasks.columns_held * tasks.input_size
    if tasks.whole:
        tasks.shared_size += tasks.copies * tasks.panels * tasks.weight_size
        tasks.own_size += tasks.input_size if alone else 0
    else:
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
    cdef Py_ssize_t turn, task, slices = SLICES if threads > 1 else 1
    cdef Py_ssize_t panels = tasks.panels if tasks.whole else 0
    cdef Turns turns
    if panels and tasks.copies > 1:
        for task in prange(tasks.copies, num_threads=threads, schedule="static"):
            transform_panels(tasks, w, weights + task * panels * tasks.weight_size)
        panels = 0
    deal(&turns, panels + columns * slices, threads)
    for turn in prange(panels + columns * slices, num_threads=threads, schedule="dynamic"):
        task = next_task(&turns, threadid())
        if task < panels:
            tasks.transform_panel(tasks.plan, w, task, weights + task * tasks.weight_size)
        else:
            tasks.transform_column(
                tasks.plan, x, start + (task - panels) // slices, (task - panels) % slices, slices,
                inputs + (task - panels) // slices * tasks.input_size,
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


cdef inline void run_by_panels(
    const Tasks *tasks, const float *x, const float *w, float *y, Py_ssize_t start, float *inputs,
    float *own, int threads, Watch *watch,
) noexcept nogil:
    """Compute the columns of tiles from `start` on that are held, some panels on one thread."""
    cdef Py_ssize_t columns = min(tasks.columns_held, tasks.columns - start)
    cdef Py_ssize_t turn, task, first, panels, p, column
    cdef float *result
    cdef float *weights
    cdef Py_ssize_t count = ceil_div(tasks.panels, tasks.panels_held)
    cdef Turns turns
    prepare(tasks, x, w, start, columns, inputs, NULL, threads)
    deal(&turns, count, threads)
    for turn in prange(count, num_threads=threads, schedule="dynamic"):
        if interrupted(watch):
            continue
        task = next_task(&turns, threadid())
        result = own + threadid() * tasks.own_size
        weights = result + tasks.share * tasks.result_size
        first = task * tasks.panels_held
        panels = min(tasks.panels_held, tasks.panels - first)
        for p in range(panels):
            tasks.transform_panel(tasks.plan, w, first + p, weights + p * tasks.weight_size)
        for column in range(columns):
            multiply_panels(
                tasks, inputs + column * tasks.input_size, weights, start + column, first, panels,
                y, result,
            )


cdef inline void run_tasks(
    const Tasks *tasks, const float *x, const float *w, float *y, float *shared, int threads,
    Watch *watch,
) noexcept nogil:
    """Add to y the products of all columns and panels, in `shared_size` and each `own_size`."""
    cdef float *own = shared + tasks.shared_size
    cdef Py_ssize_t start = 0, turn = tasks.columns if tasks.whole else tasks.columns_held
    while start < tasks.columns and not interrupted(watch):
        if tasks.whole:
            run_by_columns(tasks, x, w, y, shared, own, threads, watch)
        else:
            run_by_panels(tasks, x, w, y, start, shared, own, threads, watch)
        start += turn
