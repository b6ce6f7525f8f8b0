"""What is public is read from the package."""

import importlib
from pathlib import Path

import public_api
import pytest

import lucid

PACKAGES = [
    "lucid",
    "lucid.nn",
    "lucid.nn.functional",
    "lucid.nn.init",
    "lucid.nn.grad",
    "lucid.optim",
    "lucid.utils.data",
    "lucid.autograd",
    "lucid.kernels",
    "lucid.datasets",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_a_symbol(package):
    module = importlib.import_module(package)
    found = {id(symbol.obj) for symbol in public_api.public_symbols("lucid")}
    for name in public_api.public_names(module):
        obj = getattr(module, name)
        if getattr(obj, "__module__", "lucid").startswith("lucid") and name != "__version__":
            assert id(obj) in found, f"{package}.{name}"


def test_the_shortest_name_has_the_page():
    table = public_api.symbol_names("lucid")
    assert table["lucid.nn.conv.Conv2d"] is table["lucid.nn.Conv2d"]
    assert table["lucid.nn.Conv2d"].fullname == "lucid.nn.Conv2d"
    assert table["lucid.nn.Conv2d"].home == "lucid.nn.conv"


def test_pages_differ_where_case_does_not_count():
    pages = [symbol.page.lower() for symbol in public_api.public_symbols("lucid")]
    assert len(set(pages)) == len(pages)
    assert public_api.symbol_names("lucid")["lucid.Tensor"].page == "lucid.Tensor-class"


def test_a_span_is_that_of_the_definition():
    file, first, last = public_api.source_span(lucid.manual_seed)
    text = Path(file).read_text("utf-8").splitlines()
    assert text[first - 1].startswith("def manual_seed(")
    assert last > first


def test_compiled_objects_have_no_span():
    assert public_api.source_span(len) is None


def test_an_alias_shares_the_page(package):
    package(
        {
            "__init__.py": "from tiny.low import f, g\n__all__ = ['f', 'g']\n",
            "low.py": "__all__ = ['f']\ndef f():\n    'Do.'\ng = f\n_h = f\n",
        }
    )
    public_api.public_symbols.cache_clear()
    (symbol,) = public_api.public_symbols("tiny")
    assert (symbol.fullname, symbol.aliases) == ("tiny.f", ["tiny.g"])
    public_api.public_symbols.cache_clear()
