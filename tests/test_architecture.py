"""The rules of the house, read from the sources: floors, sizes, mirrors, documentation."""

import ast
import graphlib
import importlib
import inspect
import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "lucid").rglob("*.py"))
CODE_LINES_OF_A_FILE = 300
CODE_LINES_OF_A_FUNCTION = 40
COLUMNS = 100

# floor by floor, what stands on it: a file, or a folder with all its files
FLOORS = [
    {
        "errors", "dtypes", "device", "geometry", "limits", "version", "_cython",
    },
    {
        "kernels", "autograd",
    },
    {"ops"},
    {"tensor", "generator", "inplace", "methods", "formatting", "creation", "random",
     "linalg"},
    {"nn", "optim"},
    {"utils", "datasets", "transforms", "serialization", "testing", "config", "conv", "grade",
     "inspect"},
    {"__init__"},
    {"demo", "models"},
]


def module_name(path):
    """lucid/nn/conv.py is lucid.nn.conv; lucid/nn/__init__.py is lucid.nn."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_name(path): path for path in FILES}
each_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(ROOT / "lucid"))
)


def floor_of(module):
    """The number of the floor that a module stands on."""
    unit = module.split(".")[1] if "." in module else "__init__"
    found = [number for number, units in enumerate(FLOORS) if unit in units]
    assert found, f"{module} stands on no floor: add {unit!r} to FLOORS"
    return found[0]


def test_the_floors_are_those_that_contributors_are_told():
    chapter = ROOT / "docs" / "explain" / "contributing.rst"
    if not chapter.exists():
        pytest.skip("the documentation is not beside the tests")
    rows = re.split(r"\n(?=\d   )", chapter.read_text(encoding="utf-8").split("\n==  ==")[1])[1:]
    for number, (units, row) in enumerate(zip(FLOORS, rows, strict=True)):
        told = set(re.findall("``(\\w+)``", row)) - {"lucid"}
        assert told == units - {"version", "__init__"}, f"floor {number}"


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree):
    """The modules of lucid that a file imports, and the nodes that do it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "lucid":
                    yield alias.name, node
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lucid":
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                folder = ROOT.joinpath(*node.module.split("."))
                is_module = submodule in MODULES or list(folder.glob(f"{alias.name}.pyx"))
                yield submodule if is_module else node.module, node


def docstring_lines(tree):
    """The numbers of the lines that docstrings fill."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                text = node.body[0]
                lines.update(range(text.lineno, text.end_lineno + 1))
    return lines


def code_lines(path):
    """The numbers of the lines with code: no docstring, no comment, not blank."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
              tokenize.ENCODING, tokenize.ENDMARKER}
    lines = set()
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type not in silent:
                lines.update(range(token.start[0], token.end[0] + 1))
    return lines - docstring_lines(parse(path))


@each_file
def test_imports_come_from_lower_floors(path):
    own = module_name(path)
    for name, node in imports(parse(path)):
        assert floor_of(name) <= floor_of(own), f"{own}:{node.lineno} reaches up to {name}"


def test_imports_have_no_circle():
    graph = {
        module_name(path): {name for name, _ in imports(parse(path)) if name != module_name(path)}
        for path in FILES
    }
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@each_file
def test_imports_are_absolute_and_at_the_top(path):
    tree = parse(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"line {inner[0].lineno}: an import inside a function"
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            assert all(alias.name != "*" for alias in node.names), f"line {node.lineno}: import *"


@each_file
def test_only_the_doors_open_the_compiled_loops(path):
    own = module_name(path)
    if own.split(".")[:2] == ["lucid", "kernels"] or own.startswith("lucid._cython"):
        return
    for name, node in imports(parse(path)):
        assert not name.startswith("lucid._cython"), f"{own}:{node.lineno} imports {name}"


@each_file
def test_a_file_has_at_most_300_lines_of_code(path):
    count = len(code_lines(path))
    assert count <= CODE_LINES_OF_A_FILE, f"{count} lines of code; split the file by topic"


def compiled_code_lines(path):
    """The numbers of the lines with code of a .pyx or .pxd: those of C count, docstrings do not."""
    lines, statement, before = set(), [], ""
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT,
                              tokenize.ENCODING, tokenize.ENDMARKER):
                continue
            if token.type != tokenize.NEWLINE:
                statement.append(token)
                continue
            is_text = [each.type for each in statement] == [tokenize.STRING]
            if not is_text or before.startswith("cdef extern"):
                for each in statement:
                    lines.update(range(each.start[0], each.end[0] + 1))
            before, statement = " ".join([each.string for each in statement]), []
    return lines


@pytest.mark.parametrize(
    "path", sorted((ROOT / "lucid" / "_cython").glob("*.p[yx][xd]")), ids=lambda path: path.name
)
def test_a_compiled_file_has_at_most_300_lines_of_code(path):
    count = len(compiled_code_lines(path))
    assert count <= CODE_LINES_OF_A_FILE, f"{count} lines of code; split the file by topic"


@each_file
def test_a_function_has_at_most_40_lines_of_code(path):
    lines = code_lines(path)
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = len(lines.intersection(range(node.lineno, node.end_lineno + 1)))
            assert count <= CODE_LINES_OF_A_FUNCTION, f"{node.name} has {count} lines of code"


def test_lines_have_at_most_100_columns():
    sources = [ROOT / "setup.py", ROOT / "conftest.py"]
    for folder in ("lucid", "tests", "tools"):
        for suffix in ("py", "pyx", "pxd"):
            sources += (ROOT / folder).rglob(f"*.{suffix}")
    long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} columns"
        for path in sources
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > COLUMNS
    ]
    assert not long, "\n".join(long)


@each_file
def test_tests_mirror_the_library(path):
    if path.name == "__init__.py":
        return
    own = path.relative_to(ROOT / "lucid")
    mirror = ROOT / "tests" / own.with_name(f"test_{own.name}")
    assert mirror.exists(), f"{mirror.relative_to(ROOT)} is missing"


def test_import_loads_numpy_and_nothing_else():
    program = "import json, sys; import {}; print(json.dumps(sorted(sys.modules)))"
    loaded = {}
    for name in ("numpy", "lucid"):
        run = subprocess.run(
            [sys.executable, "-c", program.format(name)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )
        loaded[name] = set(json.loads(run.stdout))
    roots = {name.split(".")[0] for name in loaded["lucid"] - loaded["numpy"]}
    strange = {
        root for root in roots - sys.stdlib_module_names - {"lucid", "numpy"}
        # what a compiled module makes for itself
        if not root.startswith(("_cython_", "cython_runtime", "_cyutility"))
    }
    assert not strange
    heavy = {"asyncio", "doctest", "http", "multiprocessing", "sqlite3", "ssl", "unittest", "xml"}
    assert not heavy & roots


PUBLIC = [
    (module, name)
    for module, path in MODULES.items()
    if not any(part.startswith("_") for part in module.split("."))
    for name in ast.literal_eval(next(
        (ast.unparse(node.value) for node in parse(path).body
         if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
         and isinstance(node.value, ast.List | ast.Tuple)),
        "()",
    ))
]


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=".".join)
def test_every_public_name_is_documented_with_an_example(module, name):
    thing = getattr(importlib.import_module(module), name)
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return  # a constant, or a module, which has its own test
    text = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    assert text, f"{module}.{name} has no docstring"
    assert "\n    Examples\n" in text or "\nExamples\n" in text, f"{module}.{name} has no example"
