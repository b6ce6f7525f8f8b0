"""Build `lucid._cython`: every compiler switch of the project stands in this file.

The same sources are compiled once for each x86-64 level (v2, v3, v4) into a sub-package of its own;
`lucid/_cython/__init__.py` picks one by the processor's own flags. Other processors, and compilers
that refuse a level, get the one portable build. OpenMP is used where the compiler has it.

    pip install .                                          build and install everything
    python setup.py build_ext --inplace                    build beside the sources, to work on them
    LUCID_LEVELS=v4 python setup.py build_ext --inplace    build one level only, to work faster
    LUCID_CHECKS=1 python setup.py build_ext --inplace     add a slow build that checks every index;
    LUCID_CPU=checks python -m pytest tests/kernels    ... and run on it
"""

import multiprocessing
import os
import platform
import shutil
import sys
import tempfile
from itertools import chain
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = "lucid._cython"
SOURCES = Path("lucid/_cython")
SHARED = f"{PACKAGE}._cyutility"  # what Cython would otherwise repeat in every module
COMMON = {"cpu", "memory", "threads", "workspace"}  # built once, not for each level
LEVELS = {
    "v2": ("x86_64_v2", ["-march=x86-64-v2"]),
    "v3": ("x86_64_v3", ["-march=x86-64-v3"]),
    "v4": ("x86_64_v4", ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
    "portable": ("portable", []),
    "checks": ("checks", ["-O1"]),
}
FAST = [  # safe switches only, never -ffast-math
    "-O3", "-g0", "-fno-math-errno", "-fno-trapping-math",
    "--param=max-completely-peel-times=8",  # so that gcc makes vectors of loops over 16 lanes
]
STEADY = [  # so that gcc keeps what moves up in registers, leaves 8 lanes and a tile's call alone
    "--param=large-stack-frame=4096", "--param=max-completely-peel-times=7",
    "-fno-tree-loop-distribute-patterns", "-fno-inline-functions-called-once",
]
SHORT = ["-fno-tree-loop-distribute-patterns"]  # rows and tiles are too short for a call
WIDE = [  # loops over 28 sums are unrolled, and have all registers for themselves
    "--param=max-completely-peeled-insns=400", "-fno-inline", *SHORT,
]
EIGHT = ["--param=max-completely-peel-times=7"]  # makes vectors of loops over 8 lanes, too
ALIKE = ["--param=avoid-fma-max-bits=0"]  # tiles of all sizes round alike: an item may be in any
APART = ["-fno-loop-unroll-and-jam"]  # a tile of one row, two terms at a time, has no vectors
MORE = {
    "conv_depthwise": STEADY, "conv_depthwise_weights": STEADY,
    "conv_direct": [*SHORT, *APART],
    "conv_clipped": [*WIDE, *ALIKE], "conv_features": WIDE, "conv_features_weights": WIDE,
    "conv_winograd_rows": WIDE,
    "conv_matmul": [*EIGHT, *SHORT], "conv_matmul_weights": [*EIGHT, *SHORT],
    "conv_product": EIGHT,
    "conv_unfolded": [*EIGHT, *SHORT], "conv_winograd": SHORT, "conv_winograd_strided": SHORT,
}
CALM = [  # gcc cannot follow the code that checks every index to the branches it never takes
    "-Wno-maybe-uninitialized", "-Wno-aggressive-loop-optimizations",
]
PARALLEL = """
#include <omp.h>
int work(int x) {
    #pragma omp parallel num_threads(x)
    x += omp_get_max_threads();
    return x;
}
int main(void) { return work(1) < 1; }
"""
EVERY = {"language_level": 3, "wraparound": False, "show_performance_hints": False}
QUICK = {**EVERY, "boundscheck": False, "initializedcheck": False, "cdivision": True}
CHECKED = {**EVERY, "boundscheck": True, "initializedcheck": True, "cdivision": False}


def wanted_levels():
    """Name the levels to try: the environment's choice, or all that this processor family has."""
    if os.environ.get("LUCID_CHECKS", "0") != "0":
        return ["checks"]
    if wanted := os.environ.get("LUCID_LEVELS", "").split():
        if unknown := set(wanted) - set(LEVELS):
            sys.exit(
                f"LUCID_LEVELS names {', '.join(sorted(unknown))}; levels are {', '.join(LEVELS)}, "
                f"apart by spaces"
            )
        return wanted
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return ["v2", "v3", "v4", "portable"] if x86 else ["portable"]


def modules():
    """List the extensions: common ones, then each source once for each level."""
    names = sorted(path.stem for path in SOURCES.glob("*.pyx"))
    source = {name: [str(SOURCES / f"{name}.pyx")] for name in names}
    common = [Extension(f"{PACKAGE}.{name}", source[name]) for name in sorted(COMMON)]
    common.append(Extension(SHARED, [str(SOURCES / "_cyutility.c")]))
    return common + [
        Extension(f"{PACKAGE}.{LEVELS[level][0]}.{name}", source[name])
        for level in wanted_levels() for name in names if name not in COMMON
    ]


def processes(wanted):
    """How many processes may translate at once: several where a child is a copy of this one."""
    try:
        multiprocessing.Semaphore()
    except (ImportError, OSError):  # a sandbox without semaphores
        return 0
    return wanted if multiprocessing.get_start_method() == "fork" else 0


class Build(build_ext):
    """Ask the compiler what it can do, translate the sources under build/, compile in parallel."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def accepts(self, *flags, code="int main(void) { return 0; }"):
        """Whether a small program compiles and links with these flags."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "probe.c")
            path.write_text(code)
            flags = list(flags)
            try:
                objects = self.compiler.compile(
                    [str(path)], folder, extra_postargs=["-Werror", *flags]
                )
                self.compiler.link_shared_object(
                    objects, str(Path(folder, "probe.so")), extra_postargs=flags
                )
            except Exception as error:  # each compiler class has its own
                self.announce(f"not used: {' '.join(flags)} ({type(error).__name__})", level=2)
                return False
        return True

    def accepted(self, flags):
        """Those of some flags that the compiler knows; it is asked for each only if not for all."""
        return flags if self.accepts(*flags) else {flag for flag in flags if self.accepts(flag)}

    def build_extensions(self):
        openmp = [flag for flag in ["-fopenmp"] if self.accepts(flag, code=PARALLEL)]
        header = ["-include", str((SOURCES / "one_thread.h").resolve())]
        wrap = ["-Wl,--wrap=GOMP_parallel"]
        if not openmp or not self.accepts(*openmp, *header, *wrap, code=PARALLEL):
            header, wrap = [], []
        levels = [
            level for level in wanted_levels()
            if level == "portable" or self.accepts(*LEVELS[level][1])
        ]
        if len(levels) > 1 and "portable" in levels:
            levels.remove("portable")
        known = self.accepted({*FAST, *CALM, *chain(*MORE.values())})
        fast = [flag for flag in FAST if flag in known]
        checks = ["-O1", *(flag for flag in CALM if flag in known)]
        more = {name: [flag for flag in flags if flag in known] for name, flags in MORE.items()}
        folders = {folder: level for level, (folder, _) in LEVELS.items()}
        extensions, self.extensions = self.extensions, []
        for extension in extensions:
            *_, folder, name = extension.name.split(".")
            level = folders.get(folder, "common")
            if level in ["common", *levels]:
                extension.extra_compile_args = openmp + header + (
                    ["-O2", "-g0"] if level == "common" else checks if level == "checks"
                    else fast + LEVELS[level][1] + more.get(name, []))
                extension.extra_link_args = openmp + wrap
                self.extensions.append(extension)
        checked = [one for one in self.extensions if ".checks." in one.name]
        self.translate("checked", CHECKED, checked)
        self.translate("quick", QUICK, [one for one in self.extensions if one not in checked])
        self.extensions.sort(key=lambda one: -os.path.getsize(one.sources[0]))  # the longest first
        super().build_extensions()

    def translate(self, folder, directives, extensions):
        """Turn each source into C, once for all levels, under build/; give each level a copy.

        So functions have no level in their names: ``lucid._cython.conv_naive.forward``.
        """
        users = {}
        for extension in extensions:
            users.setdefault(extension.sources[0], []).append(extension)
        translated = cythonize(
            [Extension(f"{PACKAGE}.{Path(source).stem}", [source]) for source in users],
            build_dir=f"build/cython/{folder}",
            compiler_directives=directives,
            shared_utility_qualified_name=SHARED,
            quiet=True,
            nthreads=processes(self.parallel),
        )
        for made, copies in zip(translated, users.values(), strict=True):
            for extension in copies:
                path = Path("build/c", *extension.name.split(".")[2:]).with_suffix(".c")
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(made.sources[0], path)  # with its time: what is older is built anew
                extension.sources = [str(path)]

    def copy_extensions_to_source(self):
        for extension in self.extensions:
            Path(*extension.name.split(".")[:-1]).mkdir(exist_ok=True)
        super().copy_extensions_to_source()


setup(ext_modules=modules(), cmdclass={"build_ext": Build})
