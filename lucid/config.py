"""What this copy of lucid was built with, and what it runs on."""

import platform

import numpy as np

from lucid import kernels
from lucid.version import __version__

__all__ = ["show_config"]


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
