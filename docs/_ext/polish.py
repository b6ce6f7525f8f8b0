"""What Sphinx leaves to be said: soft references, types with their defaults, the kind of a name."""

import inspect
import re

from docutils import nodes
from public_api import symbol_names, type_aliases
from sphinx import addnodes
from sphinx.util.nodes import make_refnode

DEFAULT = re.compile(r",? *default:? +(.+)$")
SIGNATURE = re.compile(r'<dt class="sig.*?</dt>', re.S)
HEADING = 'role="heading" aria-level="2"'
CODE = re.compile(r"(`+[^`]*`+)")
MARK = re.compile(r"(?<=[(\[ ])\*(?=[a-z]\w*[,)])|(?<=[A-Za-z0-9])_(?![\w`{])")
STRAIGHT = str.maketrans("‘’“”", "''\"\"")  # types are code: no quotes of prose
TITLED = re.compile(r"(.+?)\s+<([\w.]+)>", re.S)
WORD = re.compile(r"[A-Za-z_][\w.]*")


def code_role(name, rawtext, text, lineno, inliner, options=None, content=()):
    """`text` is a link where it, or `text <name>`, names something that has a page, else code."""
    env = inliner.document.settings.env
    shown = text.removeprefix("~")
    target = nodes.literal(rawtext, shown.split(".")[-1] if text != shown else shown)
    if titled := TITLED.fullmatch(text):
        target, shown = nodes.literal(rawtext, titled[1]), titled[2]
    reference = addnodes.pending_xref(
        rawtext,
        target,
        refdomain="py",
        reftype="obj",
        reftarget=shown,
        refdoc=env.docname,
        refwarn=False,
        soft=not shown.startswith("lucid."),
    )
    reference["py:module"] = env.ref_context.get("py:module")
    reference["py:class"] = env.ref_context.get("py:class")
    return [reference], []


def kind_role(name, rawtext, text, lineno, inliner, options=None, content=()):
    """The small label: class, fn, exception."""
    return [nodes.inline(rawtext, text, classes=["lucid-kind", f"lucid-kind-{text}"])], []


def plain_marks(line):
    """Let `(N, C, *input_size)` and `zero_` be written plainly: no emphasis, no link."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    parts = CODE.split(line)  # every second part is code
    parts[::2] = [MARK.sub(r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


def escape_shapes(app, what, name, obj, options, lines):
    """Clean a docstring's prose before numpydoc reads it."""
    lines[:] = map(plain_marks, lines)


def plain_signature(app, what, name, obj, options, signature, returns):
    """Show annotations as they are written: `_Size2d`, not the types it stands for."""
    function = obj.__init__ if inspect.isclass(obj) else obj
    words = getattr(function, "__annotations__", {})
    if not words or not all(isinstance(each, str) for each in words.values()):
        return None
    parameters = [*inspect.signature(obj).parameters.values()]
    if what == "method" and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    parts, mark = [], None
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and mark is not each.KEYWORD_ONLY:
            parts.append("*")
        mark = each.kind
        text = str(each.replace(annotation=each.empty, default=each.empty))
        if each.annotation is not each.empty:
            text += f": {each.annotation}"
        if each.default is not each.empty:
            text += f" = {each.default!r}" if ":" in text else f"={each.default!r}"
        parts.append(text)
    back = function.__annotations__.get("return")
    return f"({', '.join(parts)})", None if inspect.isclass(obj) else back


def missing(app, env, node, content):
    """Lead another name of an object to its page, and the name of a type to the list of them.

    A soft reference without a page stays code.
    """
    package, target = env.config.docstring_gallery_package, node["reftarget"]
    scope = node.get("py:module")
    for name in (target, f"{scope}.{target}", f"{package}.{target}"):
        symbol = symbol_names(package).get(name) if node["refdomain"] == "py" else None
        if symbol and symbol.kind != "data":
            place = f"reference/{symbol.page}", symbol.fullname
            return make_refnode(app.builder, node["refdoc"], *place, content)
    if target in type_aliases(package):
        place = "reference/types", f"type-{target}"
        return make_refnode(app.builder, node["refdoc"], *place, content)
    return content if node.get("soft") else None


def link_words(text, env, docname):
    """Split a type, `Tensor or None`, into text and links for the words that have a page."""
    table = symbol_names(env.config.docstring_gallery_package)
    package = env.config.docstring_gallery_package
    at = 0
    for found in WORD.finditer(text):
        word = found.group()
        symbol = next(
            (
                table[key]
                for key in (word, f"{package}.{word}", f"{package}.nn.{word}")
                if key in table
            ),
            None,
        )
        if symbol is None or word in ("bool", "tensor", "device") or symbol.kind == "data":
            continue
        yield nodes.Text(text[at : found.start()])
        reference = addnodes.pending_xref(
            "",
            nodes.Text(word),
            refdomain="py",
            reftype="obj",
            reftarget=symbol.fullname,
            refdoc=docname,
            refwarn=True,
        )
        yield reference
        at = found.end()
    yield nodes.Text(text[at:])


def types_with_defaults(app, doctree):
    """Show `int, default 1` as `int = 1`, and link the types."""
    env = app.env
    for node in list(doctree.findall(nodes.classifier)):
        text = node.astext().translate(STRAIGHT)
        found = DEFAULT.search(text)
        node.clear()
        node += list(link_words(text[: found.start()] if found else text, env, env.docname))
        if found:
            node += nodes.inline("", f" = {found.group(1)}", classes=["lucid-default"])


def whole_titles(app, doctree):
    """Keep the last mark of a title such as `zeros_`, which was read as a link to itself."""
    for title in doctree.findall(nodes.title):
        for link in list(title.findall(nodes.reference)):
            if link.rawsource == f"{link.astext()}_":
                link.replace_self(nodes.Text(link.rawsource))


def sound_signature(found):
    """A list of parameters without terms, inside a term, is no list: say it with blocks."""
    text = found.group()
    for old, new in (("dl", "lucid-parameters"), ("dd", "lucid-parameter")):
        text = text.replace(f"<{old}>", f'<span class="{new}">').replace(f"</{old}>", "</span>")
    return text


def sound_html(app, pagename, templatename, context, doctree):
    """Mend what the writer produces and accessibility checkers refuse."""
    if body := context.get("body"):
        body = SIGNATURE.sub(sound_signature, body)
        body = body.replace(' role="doc-biblioentry"', "")
        body = body.replace('<p class="rubric">', f"<p {HEADING} class=\"rubric\">")
        context["body"] = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def setup(app):
    app.add_config_value("extensions_digest", "", "env")
    app.add_role("lucid-code", code_role)
    app.add_role("lucid-kind", kind_role)
    app.connect("autodoc-process-docstring", escape_shapes, priority=100)
    app.connect("autodoc-process-signature", plain_signature)
    app.connect("missing-reference", missing)
    app.connect("html-page-context", sound_html)
    app.connect("doctree-read", types_with_defaults)
    app.connect("doctree-read", whole_titles, priority=100)  # before titles are collected
    return {"parallel_read_safe": True, "parallel_write_safe": True}
