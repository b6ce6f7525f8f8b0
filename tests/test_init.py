"""The names of `lucid`: what is imported is what is told."""

import ast
import inspect

import lucid


def test_all_names_what_is_imported():
    tree = ast.parse(inspect.getsource(lucid))
    imported = [
        alias.asname or alias.name
        for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    assert len(set(imported)) == len(imported)
    assert sorted(lucid.__all__) == sorted(imported)
    assert lucid.__all__ == sorted(lucid.__all__, key=lambda name: (name.lower(), name))
