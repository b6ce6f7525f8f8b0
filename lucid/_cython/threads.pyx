"""OpenMP's state: whether it is there, and how to lay its threads to rest before a fork."""

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #if _OPENMP >= 201811 || __GNUC__ >= 9  /* it came with OpenMP 5.0 */
    #define LUCID_PAUSE() omp_pause_resource_all(omp_pause_hard)
    #else
    #define LUCID_PAUSE() 0
    #endif
    #define LUCID_OPENMP _OPENMP
    #else
    #define LUCID_PAUSE() 0
    #define LUCID_OPENMP 0
    #endif
    """
    int LUCID_OPENMP
    int LUCID_PAUSE() nogil


def openmp():
    """Return the date, as yyyymm, of the OpenMP standard in use; 0 without OpenMP."""
    return LUCID_OPENMP


def pause():
    """End the pool of threads; the next parallel region starts a new one.

    Without this a forked child waits for ever, in its first parallel region, for threads that only
    its parent has.
    """
    LUCID_PAUSE()
