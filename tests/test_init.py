"""The names of `lucid`: what is imported is what is told."""

import ast
import inspect
import subprocess
import sys

import pytest

import lucid


def test_all_names_what_is_imported():
    tree = ast.parse(inspect.getsource(lucid))
    imported = [
        alias.asname or alias.name
        for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    names = [*imported, *lucid._LATER]
    assert len(set(names)) == len(names)
    assert sorted(lucid.__all__) == sorted(names)
    assert lucid.__all__ == sorted(lucid.__all__, key=lambda name: (name.lower(), name))


@pytest.mark.parametrize("name", lucid._LATER)
def test_a_subpackage_comes_when_it_is_used(name):
    program = f"import lucid, sys; print('lucid.{name}' in sys.modules, lucid.{name}.__name__)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == f"False lucid.{name}\n", run.stderr
    assert name in dir(lucid)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'lucid' has no attribute 'Conv2d'"):
        lucid.Conv2d
