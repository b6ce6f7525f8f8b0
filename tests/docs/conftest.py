"""The extensions of the site are tested where what they are built on is installed."""

import sys
import warnings
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))
sys.path.insert(0, str(DOCS))
collect_ignore = []
collect_ignore_glob = [] if DOCS.is_dir() else ["*"]  # a source distribution has no docs

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import docutils  # noqa: F401
        import numpydoc  # noqa: F401
        import sphinx.pycode  # noqa: F401
except ImportError:  # not the `docs` extra
    collect_ignore += [
        "test_public_api.py",
        "test_docstring_gallery.py",
        "test_diagram.py",
        "test_layer_pages.py",
        "test_mathml.py",
        "test_reference_pages.py",
    ]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a small package and import it: ``package({"__init__.py": ...})`` gives its folder."""

    def write(files, name="tiny"):
        for module in [each for each in sys.modules if each.split(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        folder = tmp_path / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return folder

    return write
