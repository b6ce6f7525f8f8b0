"""What is built, and what goes into a distribution."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from lucid import kernels

ROOT = Path(__file__).resolve().parents[1]
COMPILED = ROOT / "lucid" / "_cython"
SETUP = (ROOT / "setup.py").read_text(encoding="utf-8")
from_a_checkout = pytest.mark.skipif(
    not (ROOT / "lucid").is_dir(), reason="the sources are not beside the tests"
)


def test_no_switch_changes_the_arithmetic_of_the_process():
    code = SETUP.replace("never -ffast-math", "")
    for switch in ("-ffast-math", "-Ofast", "-ffinite-math-only", "-march=native"):
        assert switch not in code


@from_a_checkout
def test_compiler_switches_stand_in_setup_only():
    for path in [*COMPILED.glob("*.pyx"), *COMPILED.glob("*.pxd")]:
        text = path.read_text(encoding="utf-8")
        assert "# cython:" not in text and "# distutils:" not in text, path.name


@from_a_checkout
def test_generated_files_stay_under_build():
    assert not [*(ROOT / "lucid").rglob("*.c"), *(ROOT / "lucid").rglob("*.html")]


def test_a_fast_level_was_built():
    assert set(kernels.build_info()["levels"]) & {"v2", "v3", "v4", "portable"}


@from_a_checkout
def test_an_unknown_level_is_refused():
    found = subprocess.run(
        [sys.executable, "setup.py", "--name"], env={**os.environ, "LUCID_LEVELS": "v4,v9"},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert "LUCID_LEVELS names v4,v9; levels are v2, v3, v4, portable, checks" in found.stderr


@pytest.fixture(scope="module")
def distribution(tmp_path_factory):
    """The folder that the source distribution unpacks to."""
    folder = tmp_path_factory.mktemp("distribution")
    subprocess.run(
        [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", folder,
         "sdist", "--formats=gztar", "--dist-dir", folder],
        cwd=ROOT, check=True, capture_output=True,
    )
    (archive,) = folder.glob("lucid_conv-*.tar.gz")
    with tarfile.open(archive) as file:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from 3.11.4 on
        file.extractall(folder, **safely)
    return folder / archive.name.removesuffix(".tar.gz")


@from_a_checkout
def test_the_source_distribution_is_tested_without_the_documentation(distribution):
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-c", distribution / "pytest.ini",
         "--rootdir", distribution, distribution / "tests" / "docs"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert found.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, found.stdout


@from_a_checkout
def test_the_source_distribution_holds_what_a_build_needs(distribution):
    names = {str(path.relative_to(distribution)) for path in distribution.rglob("*")}
    sources = {
        str(path.relative_to(ROOT)) for suffix in ("py", "pyx", "pxd", "h", "npz")
        for path in (ROOT / "lucid").rglob(f"*.{suffix}")
    }
    wanted = {"setup.py", "pyproject.toml", "README.md", "LICENSE", "lucid/py.typed", *sources}
    assert wanted <= names
    strange = {
        name for name in names
        if name.endswith((".c", ".so", ".pyc")) or name.startswith(("docs", "gallery", "build"))
    }
    assert not strange


@from_a_checkout
def test_sources_that_are_not_compiled_say_so(tmp_path):
    bare = shutil.copytree(
        ROOT / "lucid", tmp_path / "lucid", ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.npz")
    )
    run = subprocess.run(
        [sys.executable, "-c", "import lucid"], cwd=tmp_path, capture_output=True, text=True
    )
    assert f"ImportError: lucid is read from {bare}, where nothing is compiled" in run.stderr
    assert "start Python in another folder" in run.stderr
