"""What was compiled, and the scratch memory it keeps."""

from lucid import _cython
from lucid._cython import workspace


def empty_workspace():
    """Free the scratch memory, at most 64 MiB, that is kept for the next call.

    Examples
    --------
    >>> from lucid import kernels
    >>> kernels.empty_workspace()
    """
    workspace.empty()


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
