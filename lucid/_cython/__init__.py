"""The compiled loops, one algorithm a file, built for several instruction sets.

`from lucid._cython import conv_naive` gives the build that suits this processor, or the one that
the environment variable ``LUCID_CPU`` (v2, v3, v4, portable) asks for.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec

# GNU OpenMP reads once, when it is loaded, how long its threads spin before they sleep. A thousand
# turns, some 20 microseconds, bridge two loops of one kernel: without them two threads were no
# faster than one. 10,000 turns would bridge what Python does between two layers too: a step with
# two threads took 6 % less. But where another process was at work on the two processors, a kernel
# of 100 loops took 12 ms with 10,000 turns, 4 with a thousand, and its own default more.
_is_ours = not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys()
if _is_ours:
    os.environ["GOMP_SPINCOUNT"] = "1000"
try:
    from lucid._cython import cpu, memory, threads, workspace  # OpenMP is loaded here
except ImportError:
    if find_spec(f"{__name__}.cpu") is not None:
        raise
    raise ImportError(
        f"lucid is read from {os.path.dirname(os.path.dirname(__file__))}, where nothing is "
        f"compiled for Python {sys.version_info.major}.{sys.version_info.minor}: if lucid is "
        "installed, start Python in another folder than that of its sources; or compile beside "
        "them: pip install -e ."
    ) from None
finally:
    if _is_ours:
        del os.environ["GOMP_SPINCOUNT"]

FOLDERS = {
    "v4": "x86_64_v4", "v3": "x86_64_v3", "v2": "x86_64_v2",
    "portable": "portable", "checks": "checks",
}  # the fastest first; checks only when it is asked for


def _is_built(level):
    try:
        return find_spec(f"{__name__}.{FOLDERS[level]}.conv_naive") is not None
    except ModuleNotFoundError:
        return False


def _runs(level):
    return not level.startswith("v") or int(level[1:]) <= cpu.x86_level()


def _choose_level(wanted, built):
    usable = [level for level in built if _runs(level)]
    if not wanted:
        usable = [level for level in usable if level != "checks"]
        if not usable:
            raise ImportError(
                f"lucid was built for {', '.join(built) or 'no instruction set'}, and this "
                f"processor runs x86-64-v{cpu.x86_level()}; build it here: pip install ."
            )
        return usable[0]
    if wanted not in usable:
        why = "this processor cannot run it" if wanted in built else "it was not built"
        raise ImportError(
            f"LUCID_CPU={wanted} is not possible: {why}; choose among {', '.join(usable)}"
        )
    return wanted


built_levels = tuple(level for level in FOLDERS if _is_built(level))
level = _choose_level(os.environ.get("LUCID_CPU", ""), built_levels)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=threads.pause)


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return import_module(f"{__name__}.{FOLDERS[level]}.{name}")
    except ModuleNotFoundError as error:
        raise AttributeError(f"lucid._cython has no {name!r} in the {level} build") from error
