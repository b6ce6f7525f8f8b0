"""The version is written once."""

import re
from pathlib import Path

from lucid.version import __version__

import lucid

ROOT = Path(__file__).resolve().parents[1]


def test_the_version_has_three_numbers():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", __version__)


def test_the_library_gives_its_version():
    assert lucid.__version__ == __version__


def test_the_version_is_written_nowhere_else():
    assert f'"{__version__}"' not in (ROOT / "pyproject.toml").read_text()
    assert f'"{__version__}"' not in (ROOT / "setup.py").read_text()
