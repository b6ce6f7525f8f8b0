"""The names of `lucid`: what is imported is what is told, and what is promised is there."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from names import BESIDE, LEFT_OUT, NAMES

import lucid


def test_all_names_what_is_imported():
    tree = ast.parse(inspect.getsource(lucid))
    imported = [
        alias.asname or alias.name
        for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    names = [*imported, *lucid._LATER, *lucid._STANDS_IN]
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


@pytest.mark.parametrize(("name", "advice"), [
    ("cuda", r"there is no GPU: lucid.device\('cpu'\)"), ("Size", "plain tuple"),
    ("concat", "lucid.cat"), ("FloatTensor", "dtype=lucid.float32"),
])
def test_what_pytorch_has_tells_what_to_write(name, advice):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; .*{advice}"):
        getattr(lucid, name)
    assert not hasattr(lucid, name)


def test_short_names_of_types():
    assert lucid.float is lucid.float32 and lucid.double is lucid.float64
    assert lucid.int is lucid.int32 and lucid.long is lucid.int64 and lucid.half is lucid.float16


def find(path):
    """Get the object of a dotted path, importing what is a module."""
    thing = lucid
    for depth, name in enumerate(path.split(".")[1:], start=2):
        if not hasattr(thing, name):
            importlib.import_module(".".join(path.split(".")[:depth]))
        thing = inspect.getattr_static(thing, name) if inspect.isclass(thing) else getattr(
            thing, name)
    return thing


PROMISED = [f"{place}.{name}" for place, names in NAMES.items() for name in names.split()]


def test_no_name_is_promised_twice():
    assert len(set(PROMISED)) == len(PROMISED) > 780


def test_all_and_the_table_agree():
    assert sorted(lucid.__all__) == sorted(NAMES["lucid"].split() + BESIDE.split())


@pytest.mark.parametrize("path", PROMISED)
def test_a_promised_name_is_there_with_a_full_page(path):
    thing = find(path)
    thing = getattr(thing, "fget", thing)  # a property
    thing = getattr(thing, "__func__", thing)
    if path.rpartition(".")[2].startswith("__") or not (
        inspect.isclass(thing) or inspect.isfunction(thing)
    ):
        return
    text = inspect.getdoc(thing)
    assert "\nExamples\n----" in text
    wanted = () if inspect.isclass(thing) else {*inspect.signature(thing).parameters} - {"self"}
    if wanted:
        assert "\nParameters\n----" in text
    if inspect.isfunction(thing):
        code = inspect.getsource(thing).rpartition('"""')[2]
        if re.search(r"\breturn \w", code):
            assert re.search("\n(Returns|Yields)\n----", text)
        if re.search(r"\braise \w", code):
            assert "\nRaises\n----" in text


@pytest.mark.parametrize("path", LEFT_OUT)
def test_a_name_that_is_left_out_is_not_there_half(path):
    with pytest.raises((AttributeError, ImportError)):
        find(path)


def test_what_the_chapter_on_pytorch_says_is_missing_is_missing():
    chapter = Path(__file__).parents[1] / "docs" / "explain" / "pytorch.rst"
    if not chapter.exists():
        pytest.skip("the documentation is not beside the tests")
    rows = chapter.read_text(encoding="utf-8").split("What is not there\n")[1].split("   * - ")[2:]
    names = [name for row in rows for name in re.findall("``torch([.\\w]+)``", row.split("\n")[0])]
    assert len(names) > 10
    for name in names:
        with pytest.raises((AttributeError, ImportError)):
            find(f"lucid{name}")
