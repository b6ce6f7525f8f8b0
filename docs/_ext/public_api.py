"""The public names of a package, found in the package itself: no list of them is kept anywhere.

A module is public when no part of its path starts with an underscore; a name is public when it
stands in the `__all__` of a public module, or, where a package has none, in its namespace. One
object may be had under several names; its page stands under the shortest, the others are aliases.
"""

import functools
import importlib
import inspect
import pkgutil
import types
from dataclasses import dataclass, field
from pathlib import Path

from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer


@dataclass
class Symbol:
    """One public object: where its page stands, and where it is defined."""

    module: str
    name: str
    obj: object
    aliases: list = field(default_factory=list)

    @property
    def fullname(self):
        return f"{self.module}.{self.name}"

    @property
    def page(self):
        """The name of its page: `Tensor` and `tensor` differ on every file system."""
        names = {each.fullname for each in public_symbols(self.fullname.split(".")[0])}
        twins = {name for name in names if name.lower() == self.fullname.lower()}
        return (
            f"{self.fullname}-class" if len(twins) > 1 and self.kind == "class" else self.fullname
        )

    @property
    def kind(self):
        """What autodoc calls it."""
        if inspect.isclass(self.obj):
            return "exception" if issubclass(self.obj, BaseException) else "class"
        return "function" if inspect.isroutine(self.obj) else "data"

    @property
    def home(self):
        """The module whose file defines it: `lucid.nn.conv` for `lucid.nn.Conv2d`."""
        return getattr(self.obj, "__module__", None) or self.module

    @property
    def doc(self):
        """Its own docstring, cleaned; empty if it has none."""
        own = vars(self.obj).get("__doc__") if inspect.isclass(self.obj) else self.obj.__doc__
        return inspect.cleandoc(own or "") if self.kind != "data" else ""

    @property
    def summary(self):
        """The first paragraph of the docstring, on one line."""
        return " ".join(self.doc.split("\n\n")[0].split())

    @property
    def location(self):
        """``file:line`` of its definition, for warnings."""
        span = source_span(self.obj)
        return f"{span[0]}:{span[1]}" if span else self.home


def source_span(obj):
    """Return (file, first line, last line) of a definition, or None for a compiled object.

    One parse of each module: `inspect.getsourcelines` of a class parses the file every time.
    """
    obj = inspect.unwrap(obj.fget if isinstance(obj, property) else obj)
    try:
        analyzer = ModuleAnalyzer.for_module(obj.__module__)
        analyzer.analyze()
    except (AttributeError, PycodeError):
        return None
    span = analyzer.tags.get(getattr(obj, "__qualname__", None))
    return (str(analyzer.srcname), *span[1:]) if span else None


def public_modules(package):
    """Import and list the package and all its public modules, in the order of their paths."""
    root = importlib.import_module(package)
    found = [root]
    for info in pkgutil.walk_packages(root.__path__, package + "."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            found.append(importlib.import_module(info.name))
    return sorted(found, key=lambda module: module.__name__)


def public_names(module):
    """List the public names of one module, as its author ordered them."""
    names = getattr(module, "__all__", None)
    if names is None and hasattr(module, "__path__"):  # a package: what it imports by name
        names = [name for name in vars(module) if not name.startswith("_")]
    return [name for name in names or () if not inspect.ismodule(getattr(module, name))]


@functools.cache
def public_symbols(package):
    """Find every public object of a package once, sorted by its name."""
    paths = {}
    for module in public_modules(package):
        for name in public_names(module):
            obj = getattr(module, name)
            if getattr(obj, "__module__", package).split(".")[0] == package:
                paths.setdefault(id(obj), (obj, []))[1].append((module.__name__, name))
    symbols = []
    for obj, places in paths.values():
        own = getattr(obj, "__name__", getattr(obj, "name", None))  # an alias never goes before the object's own name
        home = getattr(obj, "__module__", None)
        places.sort(key=lambda place: (place[0].count("."), place[1] != own, place[0] != home))
        (module, name), *others = places
        shown = [f"{m}.{n}" for m, n in others if m != getattr(obj, "__module__", None)]
        symbols.append(Symbol(module, name, obj, shown))
    return sorted(symbols, key=lambda symbol: symbol.fullname)


@functools.cache
def symbol_names(package):
    """Map every name of every public object, aliases too, to its symbol."""
    table = {}
    for symbol in public_symbols(package):
        for name in (symbol.fullname, f"{symbol.home}.{symbol.name}", *symbol.aliases):
            table[name] = symbol
    return table


@functools.cache
def type_aliases(package):
    """Map the names that stand for several types in annotations, `_Size2d`, to those types."""
    found = {}
    for module in public_modules(package):
        for name, value in vars(module).items():
            if isinstance(value, types.UnionType):
                found.setdefault(name, str(value).replace(f"{package}.", ""))
    return dict(sorted(found.items()))


def package_folder(package):
    """The folder that a package is read from."""
    return Path(importlib.import_module(package).__file__).parent
