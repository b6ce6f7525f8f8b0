"""What was compiled, and the memory it keeps."""

from lucid import _cython
from lucid._cython import memory, workspace


def empty_workspace():
    """Free the memory that is kept for later calls; `held_memory` tells how much that is.

    Examples
    --------
    >>> from lucid import kernels
    >>> kernels.empty_workspace()
    >>> kernels.held_memory()["results"]
    0
    """
    workspace.empty()
    memory.empty()


def held_memory():
    """Count the memory that is kept for later calls, because fresh memory is slow.

    Returns
    -------
    dict
        In bytes: ``workspace``, scratch memory of the kernels, at most 64 MiB; ``results``, memory
        of large arrays that died, at most 1 GiB, and together with that of arrays in use at most
        9/8 of what these once used at the same time, or 64 MiB; ``in_use``, that of large arrays.

    Examples
    --------
    >>> import lucid
    >>> from lucid import kernels
    >>> kernels.empty_workspace()
    >>> x = lucid.zeros(1000, 100)
    >>> y = x + x
    >>> del y
    >>> kernels.held_memory()["results"]
    400000
    """
    used, kept = memory.held()
    return {"workspace": workspace.held(), "results": kept, "in_use": used}


def build_info():
    """Describe the compiled part.

    Returns
    -------
    dict
        ``compiler``, a string; ``level``, the instruction set in use, and ``levels``, all that were
        built; ``openmp``, the date of the OpenMP standard as yyyymm, 0 without OpenMP.

    Examples
    --------
    >>> from lucid import kernels
    >>> info = kernels.build_info()
    >>> info["level"] in info["levels"]
    True
    """
    return {
        "compiler": _cython.cpu.compiler(), "level": _cython.level,
        "levels": _cython.built_levels, "openmp": _cython.threads.openmp(),
    }
