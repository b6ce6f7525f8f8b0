"""What this copy of lucid was built with, and what it runs on."""

import platform

import numpy as np

from lucid import kernels
from lucid.version import __version__

__all__ = ["show_config", "use_deterministic_algorithms"]


def show_config():
    """Print the versions, the compiler, the instruction set in use and the number of threads.

    Put its output into a report of an error or of a speed.

    Examples
    --------
    >>> import lucid
    >>> lucid.show_config()  # doctest: +ELLIPSIS
    lucid ...
    python ...
    numpy ...
    compiler ...
    instruction set ... (built: ...)
    OpenMP ...
    threads ...
    algorithms auto, naive, ...
    """
    build = kernels.build_info()
    print(f"lucid {__version__}")
    print(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"numpy {np.__version__}")
    print(f"compiler {build['compiler']}")
    print(f"instruction set {build['level']} (built: {', '.join(build['levels'])})")
    print(f"OpenMP {build['openmp'] or 'not used: one thread only'}")
    print(f"threads {kernels.get_num_threads()}")
    print(f"algorithms {', '.join(kernels.list())}")


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Ask for the same results in every run: they are so always, and nothing changes.

    With one seed and one build a program computes the same bits however many threads work: the work
    is split over outputs, and sums are taken in one order.

    Parameters
    ----------
    mode : bool
        True for PyTorch's deterministic algorithms; False is accepted too.
    warn_only : bool, default False
        As in PyTorch; not used.

    Raises
    ------
    TypeError
        If `mode` is not a bool.

    Examples
    --------
    >>> import lucid
    >>> lucid.use_deterministic_algorithms(True)
    """
    if not isinstance(mode, bool):
        raise TypeError(f"use_deterministic_algorithms: mode must be a bool, not {mode!r}")
