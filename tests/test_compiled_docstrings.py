"""The examples in compiled modules, which pytest does not look into."""

import doctest
from pathlib import Path

import pytest

import lucid._cython  # the build for this processor

SOURCES = sorted(Path(lucid._cython.__file__).parent.glob("*.pyx"))
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", [path.stem for path in SOURCES])
def test_examples_in_a_compiled_module(name):
    module = getattr(lucid._cython, name)
    assert module.__doc__, f"{name}.pyx has no docstring"
    report = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
