"""What show_config prints."""

import pytest

import lucid
from lucid import kernels
from lucid.config import show_config
from lucid.version import __version__


def test_the_report_names_versions_instruction_set_and_threads(capsys):
    assert show_config() is None
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"lucid {__version__}"
    assert f"instruction set {kernels.build_info()['level']} (built: " in "\n".join(lines)
    assert f"threads {kernels.get_num_threads()}" in lines
    assert [line.split()[0] for line in lines] == [
        "lucid", "python", "numpy", "compiler", "instruction", "OpenMP", "threads", "algorithms",
    ]


def test_results_are_always_the_same():
    assert lucid.use_deterministic_algorithms(True) is None
    with pytest.raises(TypeError, match="mode must be a bool, not 1"):
        lucid.use_deterministic_algorithms(1)
