"""Formulae become MathML, all of those in the package."""

import re
from types import SimpleNamespace

import mathml
import public_api
import pytest

FORMULA = re.compile(r":math:`([^`]*)`")


@pytest.mark.parametrize(("latex", "part"), [
    (r"\frac12", "<mfrac>"), (r"\tfrac 1 2", "<mfrac>"), (r"a, \dots", "…"),
    (r"y \mathrel{+}= x", "<mo>=</mo>"), (r"\Big( x \Big)", "("), (r"a &= b \\ c &= d", "<mtable"),
])  # fmt: skip
def test_latex_that_docutils_does_not_know_is_rewritten(latex, part):
    assert part in mathml.mathml(latex, None, as_block=True)


def test_what_cannot_be_said_is_a_warning(monkeypatch):
    found = []
    logger = SimpleNamespace(warning=lambda text, *words, **_: found.append(text % words))
    monkeypatch.setattr(mathml, "logger", logger)
    assert mathml.mathml(r"\nonsense", None, as_block=False) == r"<code>\nonsense</code>"
    assert "nonsense" in found[0]


def test_every_formula_of_the_package_is_understood(monkeypatch):
    monkeypatch.setattr(mathml, "logger", SimpleNamespace(warning=pytest.fail))
    for symbol in public_api.public_symbols("lucid"):
        for latex in FORMULA.findall(symbol.doc):
            assert "<math" in mathml.mathml(" ".join(latex.split()), None, as_block=False)
