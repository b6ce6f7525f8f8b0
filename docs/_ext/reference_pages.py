"""The reference: a page for every module and every public object, written from the package.

The pages go to ``reference/``, which git ignores. A module's page groups its names by the file that
defines them, so the site mirrors the sources. An object's page has the order of a good layer page:
what it extends, signature, source, text, picture and explorer for a layer, "Methods (3)", and the
gallery pages that use it.
"""

import functools
import inspect
import re
from pathlib import Path

from docstring_gallery import examples_of, page, write_if_changed
from layer_pages import layer_block
from polish import plain_marks
from public_api import public_modules, public_symbols, symbol_names, type_aliases

SAME = re.compile(r"^((?:\w+\.)+\w+) : The same", re.M)  # of a layer: the function to see also
CALLED = ("__init__", "forward", "extra_repr")  # shown on every page, wherever they are defined


def heading(text, mark="="):
    return f"{text}\n{mark * len(text)}\n"


def reference(symbol):
    """A link to a symbol's page under its short name."""
    return f":py:obj:`~{symbol.fullname}`"


def public_bases(symbol):
    """The public classes that a class extends, mixins last; a base without a page is passed."""
    table = {id(each.obj): each for each in public_symbols(symbol.fullname.split(".")[0])}
    found, waiting = [], [*symbol.obj.__bases__]
    while waiting:
        base = waiting.pop(0)
        if id(base) in table:
            found.append(table[id(base)])
        else:
            waiting += base.__bases__
    return sorted(found, key=lambda each: each.name.endswith("Mixin"))


def relations(symbol):
    """Say how the names of one family belong together: (words, other symbol)."""
    table = symbol_names(symbol.fullname.split(".")[0])
    name, module = symbol.name, symbol.module
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    adjoint = name.replace("ConvTranspose", "Conv")
    if adjoint == name:
        adjoint = name.replace("Conv", "ConvTranspose")
    candidates = [
        ("lazy version of", f"{module}.{name.removeprefix('Lazy')}"),
        ("lazy version:", f"{module}.Lazy{name}"),
        ("adjoint of", f"{module}.{adjoint}"),
        ("as a function:", f"{module}.functional.{snake.removeprefix('lazy_')}"),
    ]
    return [
        (words, table[key]) for words, key in candidates if table.get(key) not in (None, symbol)
    ]


@functools.cache
def layers_of(package):
    """The layers of each function: those that name it as the same, if they are few."""
    table, found = symbol_names(package), {}
    for symbol in public_symbols(package):
        if symbol.module == f"{package}.nn" and not symbol.name.startswith("Lazy"):
            for name in filter(table.get, SAME.findall(symbol.doc)):
                found.setdefault(table[name].fullname, []).append(symbol)
    return {name: layers for name, layers in found.items() if len(layers) <= 3}


def is_told(cls, name):
    """Whether a class says something of its own about one of the methods that all layers have."""
    owner = next((each for each in cls.__mro__ if name in vars(each)), object)
    return (
        owner not in (object, BaseException)
        and owner.__name__ != "Module"
        and bool(
            getattr(cls, name).__doc__ and owner.__module__.startswith(cls.__module__.split(".")[0])
        )
    )


def own_classes(symbol):
    """The class and its bases that have no page."""
    inherited = {cls for base in public_bases(symbol) for cls in base.obj.__mro__} | {object}
    return [cls for cls in symbol.obj.__mro__ if cls not in inherited]


def own_methods(symbol):
    """The documented methods that the class, or a base without a page, has: in their order.

    Functions of other files are among them, but not those with a page of their own.
    """
    package = symbol.fullname.split(".")[0]
    public = {id(each.obj) for each in public_symbols(package)}
    found = {name: None for name in CALLED if is_told(symbol.obj, name)}
    for cls in own_classes(symbol):
        for name, value in vars(cls).items():
            value = getattr(value, "__func__", value)
            if not inspect.isfunction(value) or id(value) in public:
                continue
            if value.__module__.split(".")[0] != package:
                continue
            is_public = name == "__init__" or not name.startswith("_")
            # a base without a page shows what it documents in full
            if (
                is_public
                and value.__doc__
                and (cls is symbol.obj or re.search(r"\n +---", value.__doc__))
            ):
                found.setdefault(name, value)
    return list(found)


def own_properties(symbol):
    """The documented properties that the class itself defines."""
    return [
        name
        for name, value in vars(symbol.obj).items()
        if isinstance(value, property) and value.__doc__ and not name.startswith("_")
    ]


def shared_methods(symbol):
    """Functions with a page that the class, or a base without one, has as methods, by name."""
    table = {id(each.obj): each for each in public_symbols(symbol.fullname.split(".")[0])}
    return sorted(
        (name, table[id(value)])
        for cls in own_classes(symbol)
        for name, value in vars(cls).items()
        if not name.startswith("_") and id(value) in table
    )


def opening(symbol):
    """The line above the signature: what it is, where it stands, what it extends."""
    kind = "fn" if symbol.kind == "function" else symbol.kind
    parts = [f":lucid-kind:`{kind}` in :ref:`{symbol.home} <file-{symbol.home}>`"]
    if inspect.isclass(symbol.obj) and (bases := public_bases(symbol)):
        parts.append("extends " + ", ".join(map(reference, bases)))
    parts += [f"{words} {reference(other)}" for words, other in relations(symbol)]
    if layers := layers_of(symbol.fullname.split(".")[0]).get(symbol.fullname):
        parts.append("as a layer: " + ", ".join(map(reference, layers)))
    if symbol.aliases:
        parts.append("also " + ", ".join(f"``{alias}``" for alias in symbol.aliases))
    return ".. rst-class:: lucid-opening\n\n" + " · ".join(parts) + "\n"


def members(symbol):
    """The Methods and Properties of a class, in source order."""
    out = []
    for title, names, directive in (
        ("Properties", own_properties(symbol), "autoproperty"),
        ("Methods", own_methods(symbol), "automethod"),
    ):
        if names:
            out.append(heading(f"{title} ({len(names)})", "-"))
            out += [f".. {directive}:: {symbol.name}.{name}\n" for name in names]
    if shared := shared_methods(symbol):
        out.append(heading(f"Steps as methods ({len(shared)})", "-"))
        out.append("Each is the function that it links, with this tensor as its first argument.\n")
        links = (f":py:obj:`.{name}() <{other.fullname}>`" for name, other in shared)
        out.append(", ".join(links) + "\n")
    return out


def instances(symbol):
    """The public objects of a class that have no page of their own, such as `lucid.float32`."""
    same = [
        each
        for each in public_symbols(symbol.fullname.split(".")[0])
        if each.kind == "data" and type(each.obj) is symbol.obj
    ]
    if not same:
        return []
    out = [heading(f"Instances ({len(same)})", "-")]
    for each in same:
        out.append(f".. py:data:: {each.fullname}\n   :type: {symbol.name}\n")
    return out


def source_anchors(symbol):
    """Places for the [docs] links of the source pages, where they expect other names.

    The links name all objects of a file after the module of the first of them that has a page, and
    lead to every method, shown or not.
    """
    modules = {
        each.module
        for each in public_symbols(symbol.fullname.split(".")[0])
        if each.home == symbol.home
    }
    shown, names = [symbol.name], []
    if inspect.isclass(symbol.obj):
        members = {*own_properties(symbol), *own_methods(symbol)}
        shown += [f"{symbol.name}.{name}" for name in sorted(members)]
        functions = {
            name for cls in own_classes(symbol) for name, value in vars(cls).items()
            if inspect.isfunction(value)
        }  # fmt: skip
        names = [f"{symbol.name}.{name}" for name in sorted(functions - members)]
    ids = [f"{module}.{name}" for module in sorted(modules) for name in names]
    ids += [f"{module}.{name}" for module in sorted(modules - {symbol.module}) for name in shown]
    spans = "".join(f'<span id="{each}"></span>' for each in ids)
    return f".. raw:: html\n\n   {spans}\n" if spans else ""


def object_page(symbol):
    """The page of one class, exception or function."""
    out = [
        heading(symbol.name),
        source_anchors(symbol),
        f".. currentmodule:: {symbol.module}\n",
        opening(symbol),
        f".. auto{symbol.kind}:: {symbol.name}\n",
    ]
    if inspect.isclass(symbol.obj):
        out += [*layer_block(symbol), *members(symbol), *instances(symbol)]
    if examples_of(symbol.doc)[0]:
        out.append(
            f".. rst-class:: lucid-tested\n\n:doc:`These examples, executed </{page(symbol)}>`\n"
        )
    out.append(
        f".. minigallery:: {symbol.fullname}\n   :add-heading: Gallery pages that use it\n"
        "   :heading-level: -\n"
    )
    return "\n".join(out)


def table_of(symbols):
    """Names and summaries, as a table, and the hidden table of contents."""
    rows = [".. list-table::\n   :class: lucid-names\n   :widths: 30 70\n"]
    for each in symbols:
        rows.append(f"   * - {reference(each)}\n     - {plain_marks(each.summary)}")
    toc = "\n".join(f"   {each.page}" for each in symbols)
    return "\n".join(rows) + f"\n\n.. toctree::\n   :hidden:\n\n{toc}\n"


def first_sentence(module):
    """The first paragraph of a module's text."""
    return plain_marks(" ".join(inspect.cleandoc(module.__doc__ or "").split("\n\n")[0].split()))


def owner(home, package):
    """The module whose page stands for a file: the first, where its names are on several pages."""
    modules = {each.module for each in public_symbols(package) if each.home == home}
    return min(modules, key=lambda name: (name.count("."), name))


def module_page(module, symbols, modules):
    """The page of a module: its text, then its names by the file that defines them."""
    name = module.__name__
    table = symbol_names(name.split(".")[0])
    declare = ".. py:module:: {}\n" + "   :no-index:\n" * (name in table)
    out = [
        f".. _file-{name}:\n",
        heading(name),
        declare.format(name),
        f".. currentmodule:: {name}\n",
        plain_marks(inspect.cleandoc(module.__doc__ or "")),
        "",
    ]
    homes = {}
    for symbol in symbols:
        if symbol.kind != "data":
            homes.setdefault(symbol.home, []).append(symbol)
    for home, group in sorted(homes.items()):
        if home != name:
            file = home.removeprefix("lucid.").replace(".", "/") + ".py"
            is_here = home not in modules and owner(home, name.split(".")[0]) == name
            out.append((f".. _file-{home}:\n\n" if is_here else "") + heading(file, "-"))
            if is_here and home not in table:
                out.append(f".. py:module:: {home}\n\n.. currentmodule:: {name}\n")
            out.append(first_sentence(inspect.getmodule(group[0].obj)) + "\n")
        out.append(table_of(group))
    return "\n".join(out)


def index_page(modules):
    """The first page of the reference."""
    rows = "\n".join(
        f"   * - :ref:`{m.__name__} <file-{m.__name__}>`\n     - {first_sentence(m)}"
        for m in modules
    )
    toc = "\n".join(f"   module-{m.__name__}" for m in modules) + "\n   types"
    return (
        heading("Reference")
        + "\nEvery public name has a page: what it is, a formula, its arguments with units and "
        "ranges, and examples that are run whenever this site is built (:doc:`/status`).\n\n"
        + f".. list-table::\n   :class: lucid-names\n   :widths: 30 70\n\n{rows}\n\n"
        + f".. toctree::\n   :hidden:\n\n{toc}\n"
    )


def types_page(package):
    """The page of the names that signatures use for several types."""
    out = [heading("Types in signatures"), "\nShort names in signatures stand for several types.\n"]
    for name, meaning in type_aliases(package).items():
        out.append(
            f'.. raw:: html\n\n   <span id="type-{name}"></span>\n\n``{name}``\n   ``{meaning}``\n'
        )
    return "\n".join(out)


def generate(app):
    """Write all pages, and delete those whose names are gone."""
    package = app.config.docstring_gallery_package
    folder = Path(app.srcdir) / "reference"
    pages = {}
    by_module = {}
    for symbol in public_symbols(package):
        by_module.setdefault(symbol.module, []).append(symbol)
        if symbol.kind != "data":
            pages[symbol.page] = object_page(symbol)
    modules = [module for module in public_modules(package) if module.__name__ in by_module]
    names = {module.__name__ for module in modules}
    for module in modules:
        pages[f"module-{module.__name__}"] = module_page(module, by_module[module.__name__], names)
    pages["index"] = index_page(modules)
    pages["types"] = types_page(package)
    for name, text in pages.items():
        write_if_changed(folder / f"{name}.rst", text)
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()


def setup(app):
    app.connect("builder-inited", generate, priority=200)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
