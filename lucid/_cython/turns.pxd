"""How threads share tasks: each takes those of its own range first, then helps the others.

Thread t of n gets the t-th part of the tasks, so that it works on the same part of an array in each
call and finds what it wrote itself in its own caches. For a line that another one wrote, two
processors that share no cache take seven times as long as two that do: against tasks that any
thread may take next, matrix products take 0.6 to 1 of the time there and 0.9 to 1 elsewhere. A
thread that is done helps the others, so none waits long for one whose processor is busy::

    deal(&turns, tasks, threads)
    for turn in prange(tasks, num_threads=threads, schedule="dynamic"):
        run_task(next_task(&turns, threadid()))

The loop's own counter says only that there is a task left.
"""

cdef extern from *:
    """
    /* Return what *count was before 1 was added to it, all in one step for all threads. */
    static inline Py_ssize_t lucid_count(Py_ssize_t *count)
    {
        Py_ssize_t before;
    #ifdef _OPENMP
    #pragma omp atomic capture
    #endif
        before = (*count)++;
        return before;
    }
    """
    Py_ssize_t count_one "lucid_count"(Py_ssize_t *count) noexcept nogil

cdef enum:
    RANGES = 64  # at most; threads beyond share them

cdef struct Range:  # of tasks
    Py_ssize_t next, end
    char apart[112]  # so that no two are in one line of a cache

cdef struct Turns:
    Range ranges[RANGES]
    int count


cdef inline void deal(Turns *turns, Py_ssize_t tasks, int threads) noexcept nogil:
    """Cut the tasks into a range for each thread."""
    cdef int r
    turns.count = max(1, min(threads, <int> RANGES))
    for r in range(turns.count):
        turns.ranges[r].next = r * tasks // turns.count
        turns.ranges[r].end = (r + 1) * tasks // turns.count


cdef inline Py_ssize_t next_task(Turns *turns, int thread) noexcept nogil:
    """Return a task that no thread has had; ask only while there is one left."""
    cdef int r = thread % turns.count
    cdef Py_ssize_t task
    while True:
        task = count_one(&turns.ranges[r].next)
        if task < turns.ranges[r].end:
            return task
        r = (r + 1) % turns.count
