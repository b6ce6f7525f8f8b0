"""What the page of a convolution layer has beside its text: its picture and the explorer.

Both are set to what the page's own first example says.
"""

import ast
import inspect
import re

from diagram import diagram
from docstring_gallery import examples_of
from docutils import nodes
from docutils.parsers.rst import directives
from public_api import symbol_names
from sphinx.util.docutils import SphinxDirective

from lucid.geometry import conv_geometry, conv_transpose_geometry, same_padding

LAYER = re.compile(r"(Lazy)?Conv(Transpose)?([123])d$")
KEYS = {
    "kernel_size": "k",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "output_padding": "op",
    "padding_mode": "mode",
}
DRAWN = {1: 8, 2: 6, 3: 4}  # the longest axis that is drawn, by rank
LIMIT = 32  # of the explorer


def calls(symbol):
    """The calls in a symbol's examples: (function's last name, call), in order."""
    text = examples_of(symbol.doc)[0]
    lines = [line[4:] for line in text.splitlines() if line.startswith((">>> ", "... "))]
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def one_or_all(value):
    """The one number of equal axes, or the tuple."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def along(settings, key, ndim):
    """A setting as one value for each axis; of a tuple that is too long, the last ones."""
    value = settings[key]
    return value[-ndim:] if isinstance(value, tuple) else (value,) * ndim


def as_size(value):
    """Write 3 as ``3`` and (3, 5) as ``3 × 5``."""
    return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def preset(symbol):
    """Read the explorer's settings from the first example of a layer's page."""
    _, transposed, ndim = LAYER.match(symbol.name).groups()
    made = next(call for name, call in calls(symbol) if name == symbol.name)
    arguments = inspect.signature(symbol.obj).bind(
        *map(ast.literal_eval, made.args),
        **{word.arg: ast.literal_eval(word.value) for word in made.keywords},
    )
    arguments.apply_defaults()
    shapes = [call for name, call in calls(symbol) if name in ("zeros", "ones", "rand", "randn")]
    shape = [ast.literal_eval(each) for each in shapes[0].args]
    settings = {"kind": "transposed" if transposed else "conv", "axes": min(int(ndim), 2)}
    settings["n"] = one_or_all(tuple(min(n, LIMIT) for n in shape[-int(ndim):]))
    for name, key in KEYS.items():
        if name in arguments.arguments:
            settings[key] = one_or_all(arguments.arguments[name])
    return settings, int(ndim)


def small(settings, ndim):
    """The example's settings on an input small enough to see."""
    n = tuple(min(each, DRAWN[ndim]) for each in along(settings, "n", ndim))
    if settings["kind"] == "transposed":
        steps = along(settings, "s", ndim)
        n = tuple(max(2, each // step) for each, step in zip(n, steps, strict=True))
    return settings | {"n": one_or_all(n)}


def geometry_of(settings, ndim):
    """The geometry of one case."""
    settings = {"op": 0} | settings
    n, k, s, d, p, op = (along(settings, key, ndim) for key in ("n", "k", "s", "d", "p", "op"))
    if settings["kind"] == "transposed":
        return conv_transpose_geometry((1, 1, *n), (1, 1, *k), s, p, op, d)
    pads = tuple(
        {"same": same_padding(taps, step), "valid": (0, 0)}.get(pad) or (pad, pad)
        for pad, taps, step in zip(p, k, d, strict=True)
    )
    return conv_geometry((1, 1, *n), (1, 1, *k), s, pads, d)


def as_words(settings, ndim):
    """The settings of the last `ndim` axes as a directive's argument."""
    return " ".join(
        f"{key}={','.join(map(str, value[-ndim:])) if isinstance(value, tuple) else value}"
        for key, value in settings.items()
    )


def layer_block(symbol):
    """The explorer of a layer's page, as reStructuredText."""
    if not LAYER.match(symbol.name):
        return []
    settings, ndim = preset(symbol)
    return [
        "Try it\n------\n",
        (
            "A volume follows the same rule along each of its three axes; two are shown.\n"
            if ndim == 3
            else ""
        ),
        f".. conv-explorer:: {as_words(settings, settings['axes'])}\n",
    ]


def insert_picture(app, what, name, obj, options, lines):
    """Put the layer's picture below the first paragraph of its page."""
    symbol = symbol_names(name.split(".")[0]).get(name)
    if what != "class" or symbol is None or not LAYER.match(symbol.name):
        return
    settings, ndim = preset(symbol)
    at = lines.index("", next(number for number, line in enumerate(lines) if line))
    words = as_words(small(settings, ndim), ndim)
    lines[at:at] = ["", f".. conv-diagram:: {words}", f"   :ndim: {ndim}", ""]


def parse_settings(text):
    """Turn ``kind=conv n=7`` into a dict; numbers become ints."""
    pairs = (word.split("=", 1) for word in text.split())
    defaults = {"kind": "conv", "axes": 1, "n": 7, "k": 3, "s": 1, "p": 0, "d": 1, "op": 0}
    return defaults | {
        key: one_or_all(tuple(map(int, value.split(","))))
        if value.replace(",", "").isdigit() else value
        for key, value in pairs
    }


class ConvDiagram(SphinxDirective):
    """``.. conv-diagram:: kind=conv n=7 k=3 s=2 p=1``: the moving picture of one geometry."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"ndim": directives.nonnegative_int, "caption": directives.unchanged}

    def run(self):
        settings = parse_settings(self.arguments[0])
        ndim = self.options.get("ndim", settings["axes"])
        geometry = geometry_of(settings, ndim)
        layer = "transposed convolution" if settings["kind"] == "transposed" else "convolution"
        big, small = map(one_or_all, (geometry.input_size, geometry.output_size))
        n, m = (small, big) if settings["kind"] == "transposed" else (big, small)
        n, m, k, s, p, d = map(as_size, (n, m, *(settings[key] for key in "kspd")))
        title = f"A {layer} with kernel {k}, stride {s}, padding {p}, dilation {d} leads size {n} "
        title += f"to {m}" if "×" in f"{n}{m}" else f"to {m} along each axis"
        svg = diagram(geometry, settings["kind"] == "transposed", title)
        caption = self.options.get("caption", title + ".")
        text = f'<figure class="lucid-figure">{svg}<figcaption>{caption}</figcaption></figure>'
        return [nodes.raw("", text, format="html")]


class ConvExplorer(SphinxDirective):
    """``.. conv-explorer:: kind=conv n=7 k=3``: the explorer, set to a case."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        settings = parse_settings(self.arguments[0])
        query = "&amp;".join(as_words(settings, settings["axes"]).split())
        self.env.metadata[self.env.docname]["explorer"] = "yes"
        text = (
            f'<section class="lucid-explorer" aria-label="Explorer of convolution arithmetic" '
            f'data-settings="{query}"><p>The explorer needs JavaScript.</p></section>'
        )
        return [nodes.raw("", text, format="html")]


def add_scripts(app, pagename, templatename, context, doctree):
    """Load the explorer's scripts where there is an explorer."""
    if app.env.metadata.get(pagename, {}).get("explorer"):
        app.add_js_file("arithmetic.js", loading_method="defer")
        app.add_js_file("explorer.js", loading_method="defer")


def setup(app):
    app.add_directive("conv-diagram", ConvDiagram)
    app.add_directive("conv-explorer", ConvExplorer)
    app.connect("autodoc-process-docstring", insert_picture, priority=900)  # after numpydoc
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
