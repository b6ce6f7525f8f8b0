"""Formulae as MathML: drawn by the browser, read by screen readers, no script.

docutils turns the LaTeX into MathML while the site is built. So that formulae look the same
everywhere, the characters a formula can need are cut out of the font STIX Two Math, which the
package ziamath carries (SIL Open Font Licence), and served beside the style sheets.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from fontTools import subset, ttLib
from sphinx.util import logging

logger = logging.getLogger(__name__)
FONT = "stix-two-math.woff"
REWRITTEN = [  # LaTeX that docutils does not know, and how it can be said
    (re.compile(r"\\mathrel\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\[td]?frac\s*(\d)\s*(\d)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\dots(?![a-z])"), r"\\ldots"),
    (re.compile(r"\\[bB]igg?(?![a-z])"), ""),
]
CHARACTERS = [
    *range(0x20, 0x17F),
    *range(0x2B0, 0x3F6),
    *range(0x2000, 0x2300),
    *range(0x2300, 0x2312),
    *range(0x239B, 0x23E2),
    *range(0x27C0, 0x2800),
    *range(0x2900, 0x2B00),
    *range(0x1D400, 0x1D800),
]


def write_font(target):
    """Cut the font down to what formulae need; the layout tables stay."""
    font = ttLib.TTFont(Path(find_spec("ziamath").origin).parent / "fonts/STIXTwoMath-Regular.ttf")
    options = subset.Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=CHARACTERS)
    cutter.subset(font)
    font.flavor = "woff"
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target)


def mathml(latex, node, as_block):
    """Translate LaTeX; what cannot be translated is a warning and shown as it is."""
    if as_block and ("\\\\" in latex or "&" in latex) and "\\begin" not in latex:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    for pattern, replacement in REWRITTEN:
        latex = pattern.sub(replacement, latex)
    try:
        return latex2mathml.tex2mathml(latex, as_block=as_block)
    except (MathError, SyntaxError, KeyError, IndexError) as error:
        logger.warning("formula %r: %s", latex, error, location=node, type="lucid", subtype="math")
        return f"<code>{latex}</code>"


def visit_math(self, node):
    self.body.append(mathml(node.astext(), node, as_block=False))
    raise nodes.SkipNode


def visit_math_block(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(mathml(node.astext().strip(), node, as_block=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def make_font(app):
    target = Path(app.srcdir) / "_made/static" / FONT
    if app.builder.format == "html" and not target.exists():
        write_font(target)


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("builder-inited", make_font, priority=50)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
