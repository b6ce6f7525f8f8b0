"""How Ctrl-C ends a long call: between two tasks a kernel asks whether to go on.

Python's own signal handler only takes a note; what was noted is carried out where the main thread,
holding the GIL, looks for it. So the thread that called the kernel looks, every 20 milliseconds.
Once a Python handler has raised, the rest of the tasks return at once on all threads, and the
kernel raises when its loop is over::

    cdef Watch watch = watch_calls(1)
    with nogil:
        for task in prange(tasks, num_threads=threads):
            if not interrupted(&watch):
                run_task(task)
    raise_if_interrupted(&watch)  # before any other Python code, give_back(workspace) for one

Each call has a watch of its own: another Python thread's convolution goes on. What was computed is
not complete then, and is thrown away with the call. A look takes 40 nanoseconds, once for a task or
a block of one; those should end within some 20 milliseconds.
"""

from cython.parallel cimport threadid

cdef extern from "Python.h":
    int PyErr_CheckSignals() noexcept  # what it raised stays set, for raise_if_interrupted

cdef extern from "<time.h>":
    ctypedef long time_t
    struct timespec:
        time_t tv_sec
        long tv_nsec
    int TIME_UTC
    int timespec_get(timespec *now, int base) nogil

cdef enum:
    PERIOD = 20  # milliseconds from one time Python is asked to the next

cdef struct Watch:
    volatile bint stopped  # the only field that several threads use
    char apart[128]  # or writing the others would slow down all threads that read it
    int every, calls  # the clock is read at every so many calls
    double since  # when Python was asked last, in milliseconds


cdef inline Watch watch_calls(int every) noexcept nogil:
    """Begin to watch; what a kernel asks far more often than needed may skip the clock."""
    cdef Watch watch
    watch.stopped, watch.every, watch.calls, watch.since = False, every, 0, 0
    return watch


cdef inline void ask_python(Watch *watch) noexcept nogil:
    """Let pending signal handlers run, if the last time is long enough ago."""
    cdef timespec time
    cdef double now
    timespec_get(&time, TIME_UTC)
    now = 1e3 * time.tv_sec + 1e-6 * time.tv_nsec
    if watch.since == 0:
        watch.since = now
    elif not 0 <= now - watch.since < PERIOD:  # below 0: someone set the clock
        with gil:
            watch.stopped = PyErr_CheckSignals() != 0
        watch.since = now


cdef inline bint interrupted(Watch *watch) noexcept nogil:
    """Tell whether to return at once; on the calling thread, find out."""
    if not watch.stopped and threadid() == 0:
        watch.calls += 1
        if watch.calls >= watch.every:
            watch.calls = 0
            ask_python(watch)
    return watch.stopped


cdef inline int raise_if_interrupted(Watch *watch) except -1:
    """Raise what the handler raised, after the loop."""
    return -1 if watch.stopped else 0
