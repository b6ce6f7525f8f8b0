"""Every docstring's examples are compared and become a script."""

import logging
from types import SimpleNamespace

import docstring_gallery as gallery
import hooks
import public_api
import pytest
from sphinx.pycode import ModuleAnalyzer

from lucid import kernels

DOC = '''
def double(x):
    """Double a number.

    Examples
    --------
    Of an int:

    >>> from tiny import double
    >>> double(2)
    {wanted}

    Of nothing:

    >>> double()
    Traceback (most recent call last):
    ...
    TypeError: double() missing 1 required positional argument: 'x'

    Notes
    -----
    After the examples.
    """
    return 2 * x
'''


@pytest.fixture(autouse=True)
def forget():
    """The functions that find names remember; each test has names of its own."""
    public_api.public_symbols.cache_clear()
    public_api.symbol_names.cache_clear()
    ModuleAnalyzer.cache.clear()
    yield
    public_api.public_symbols.cache_clear()
    public_api.symbol_names.cache_clear()


@pytest.fixture
def warned(monkeypatch):
    """Collect the warnings: (text, location)."""
    found = []
    monkeypatch.setattr(
        gallery.logger,
        "warning",
        lambda text, *words, location, **_: found.append((text % words, location)),
    )
    return found


@pytest.fixture
def build(package, tmp_path, monkeypatch):
    """Run the extension on a package: ``build(files)`` gives the folder of the scripts."""
    monkeypatch.setattr(logging, "disable", lambda *_: None)

    def run(files):
        public_api.public_symbols.cache_clear()
        package(files)
        config = SimpleNamespace(
            docstring_gallery_package="tiny",
            sphinx_gallery_conf={},
            docstring_gallery_header="Head\n",
        )
        app = SimpleNamespace(srcdir=tmp_path / "docs", config=config)
        gallery.generate(app)
        return app

    return run


def files(wanted="4", extra=""):
    names = "['double', 'bare']" if "bare" in extra else "['double']"
    return {"__init__.py": f"__all__ = {names}\n{DOC.format(wanted=wanted)}\n{extra}"}


def test_right_examples_are_counted(build, warned):
    app = build(files())
    assert not warned
    result = app.docstring_results["tiny.double"]
    assert (result.tried, result.failed) == (3, 0)


def test_a_wrong_expectation_is_a_warning_at_its_line(build, warned, tmp_path):
    build(files(wanted="5"))
    ((text, location),) = warned
    assert "tiny.double: 1 of 3 examples differ" in text
    assert "Expected:\n    5\nGot:\n    4" in text
    path, line = location.rsplit(":", 1)
    source = (tmp_path / "tiny/__init__.py").read_text("utf-8").splitlines()
    assert path.endswith("__init__.py")
    assert source[int(line) - 1].strip() == "Of an int:"
    assert "line 11, in tiny.double" in text and source[10].strip() == ">>> double(2)"


def test_a_name_without_examples_is_a_warning(build, warned):
    build(files(extra="def bare():\n    'Do nothing.'\n"))
    ((text, _),) = warned
    assert text == "tiny.bare has no examples"


def test_a_page_has_titles_cells_and_what_raises_as_text(build, warned, tmp_path):
    build(files())
    text = (tmp_path / "docs/_docstrings/tiny/ex_tiny_double.py").read_text("utf-8")
    assert "3 examples of :func:`tiny.double`" in text
    assert "# Of an int\n# ---------\n" in text
    assert "\ndouble(2)" in text
    assert "#    >>> double()\n#    Traceback (most recent call last):" in text
    assert "\ndouble()" not in text
    assert "After the examples" not in text
    compile(text, "script", "exec")


def test_statements_without_output_stay_together():
    cells = list(gallery.cells(">>> a = 1\n>>> b = 2\n>>> a + b\n3\n>>> a\n1\n"))
    assert cells == [("code", "a = 1\nb = 2\na + b"), ("code", "a")]


def test_the_scripts_of_removed_names_go(build, warned, tmp_path):
    build(
        files(
            extra="def bare():\n    '''Do.\n\n    Examples\n    --------\n    >>> 1\n    1\n'''\n"
        )
    )
    script = tmp_path / "docs/_docstrings/tiny/ex_tiny_bare.py"
    page = tmp_path / "docs/examples/tiny/ex_tiny_bare.rst"
    page.parent.mkdir(parents=True)
    page.write_text("made of it", "utf-8")
    gone = tmp_path / "docs/examples/lucid_gone"
    gone.mkdir()
    assert script.exists()
    build(files())
    assert not script.exists() and not page.exists() and not gone.exists()
    assert (tmp_path / "docs/_docstrings/tiny/ex_tiny_double.py").exists()


def test_a_changed_library_runs_everything_again(build, warned):
    first = build(files())
    assert "run_stale_examples" not in first.config.sphinx_gallery_conf
    same = build(files())
    assert "run_stale_examples" not in same.config.sphinx_gallery_conf
    changed = build(files(extra="# another\n"))
    assert changed.config.sphinx_gallery_conf["run_stale_examples"]


def test_an_unchanged_script_keeps_its_date(build, warned, tmp_path):
    build(files())
    script = tmp_path / "docs/_docstrings/tiny/ex_tiny_double.py"
    before = script.stat().st_mtime_ns
    build(files())
    assert script.stat().st_mtime_ns == before


def test_names_that_end_in_an_underscore_make_no_link():
    (symbol,) = [
        each for each in public_api.public_symbols("lucid") if each.name == "kaiming_uniform_"
    ]
    assert gallery.stem(symbol) == "ex_lucid_nn_init_kaiming_uniform_in_place"


def test_a_kernel_of_one_example_is_not_there_in_the_next():
    names = kernels.list()
    kernels.register("one of an example", lambda *arrays: None)
    hooks.reset_state()
    assert kernels.list() == names
