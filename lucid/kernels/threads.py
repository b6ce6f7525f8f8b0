"""How many threads a call may use."""

import os
from _thread import allocate_lock, start_new_thread

MOST = 1024  # threads: each has scratch memory of its own


def threads_for(work, least):
    """Return how many threads may share so much work: one, if it is less than `least`."""
    return _num_threads if work >= least else 1


def share_out(function, items, threads):
    """Call a function with each item, on so many Python threads; return the results in order.

    Whoever is free takes the next item. So nobody waits for a thread that could not be started, or
    found no memory to begin, as `threading.Thread.start` does; nor for one that finds none to say
    that it is done, as that takes none.
    """
    results, errors, left = [None] * len(items), [None] * len(items), iter(range(len(items)))
    undone = [allocate_lock() for _ in items]
    for lock in undone:
        lock.acquire()

    def work():
        for index in left:
            try:
                if not any(errors):
                    results[index] = function(items[index])
            except BaseException as error:  # Ctrl-C too: the other threads are waited for
                errors[index] = error
            finally:
                undone[index].release()

    for _ in range(min(threads, len(items)) - 1):
        try:
            start_new_thread(work, ())
        except (RuntimeError, MemoryError):
            break
    work()
    for lock in undone:
        lock.acquire()
    for error in filter(None, errors):
        raise error
    return results


def _default_threads():
    """Read LUCID_NUM_THREADS, then OMP_NUM_THREADS, then count the processors we may run on."""
    for variable in ("LUCID_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(variable, "").split(",")[0].strip()
        if text.isdecimal() and 1 <= int(text) <= MOST:
            return int(text)
        if text and variable == "LUCID_NUM_THREADS":
            raise ImportError(f"{variable}={text} is not a number of threads from 1 to {MOST}")
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(count):
    """Set how many threads one call may use, in the whole process.

    Results do not depend on it, not even in their last bit. Small work runs on one thread anyway,
    and so does everything where the compiler had no OpenMP.

    Parameters
    ----------
    count : int
        1 to 1024. The start value is the environment's ``LUCID_NUM_THREADS``, else
        ``OMP_NUM_THREADS``, else the number of processors.

    Raises
    ------
    TypeError, ValueError
        If it is no int, or not from 1 to 1024.

    Examples
    --------
    >>> import lucid.kernels
    >>> before = lucid.kernels.get_num_threads()
    >>> lucid.kernels.set_num_threads(1)
    >>> lucid.kernels.get_num_threads()
    1
    >>> lucid.kernels.set_num_threads(before)
    """
    global _num_threads
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise TypeError(f"the number of threads must be an int, not {count!r}")
    if not 1 <= count <= MOST:
        raise ValueError(f"the number of threads must be 1 to {MOST}, not {count}")
    _num_threads = int(count)


def get_num_threads():
    """Return how many threads one call may use.

    Returns
    -------
    int

    Examples
    --------
    >>> import lucid.kernels
    >>> lucid.kernels.get_num_threads() >= 1
    True
    """
    return _num_threads


_num_threads = _default_threads()
