"""Every docstring's Examples section becomes an executed gallery page.

Before sphinx-gallery starts, each public name's examples are run by `doctest` and compared with
what the docstring says; a difference, or a name without examples, is a warning at its file and
line, so that ``-W`` stops the build. The examples are then written as scripts into a folder that
git ignores, where sphinx-gallery finds them and renders them like the hand-written ones.
"""

import contextlib
import doctest
import gc
import hashlib
import inspect
import io
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import thumbnail
from hooks import reset_state
from polish import plain_marks
from public_api import package_folder, public_symbols, source_span
from sphinx.util import logging

logger = logging.getLogger(__name__)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECTION = re.compile(r"^Examples\n-+\n", re.M)
NEXT_SECTION = re.compile(r"^\S.*\n-{3,}$", re.M)
DIRECTIVE = re.compile(r"\s*#\s*doctest:.*$", re.M)


@dataclass
class Result:
    """What one run of a symbol's examples gave."""

    tried: int
    failed: int
    seconds: float


def stem(symbol):
    """The name of the script: no dots, taken for extensions; no last underscore, for a link."""
    name = symbol.page.replace(".", "_")
    return f"ex_{name}in_place" if name.endswith("_") else f"ex_{name}"


def page(symbol, folder="examples"):
    """The document of a symbol's gallery page."""
    return f"{folder}/{symbol.module.replace('.', '_')}/{stem(symbol)}"


def examples_of(doc):
    """Return the text of the Examples section and the line of `doc` it starts on, from 0."""
    found = SECTION.search(doc)
    if found is None:
        return "", 0
    end = NEXT_SECTION.search(doc, found.end())
    return doc[found.end() : end and end.start()], doc[: found.end()].count("\n")


def docstring_line(obj):
    """The line of the file, from 1, on which an object's docstring starts."""
    span = source_span(obj)
    if span is None:
        return 1
    source = Path(span[0]).read_text("utf-8").splitlines()[span[1] - 1 : span[2]]
    quotes = (number for number, line in enumerate(source) if '"""' in line)
    return span[1] + next(quotes, 0)


def compare(symbol):
    """Run a symbol's examples; a difference becomes a warning."""
    text, offset = examples_of(symbol.doc)
    file = (source_span(symbol.obj) or [symbol.home])[0]
    line = docstring_line(symbol.obj) + offset
    test = doctest.DocTestParser().get_doctest(
        text, {"__name__": "__main__"}, symbol.fullname, file, line - 1
    )
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report = []
    reset_state()
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        runner.run(test, out=report.append)
    seconds = time.perf_counter() - start
    if runner.failures:
        logger.warning(
            "%s: %d of %d examples differ\n%s",
            symbol.fullname,
            runner.failures,
            runner.tries,
            "".join(report),
            location=f"{file}:{line}",
            type="lucid",
            subtype="example",
        )
    return Result(runner.tries, runner.failures, seconds)


def comment(text):
    """Write text as the comment block of a gallery script."""
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def title_or_prose(prose):
    """A single line that ends in a colon is a title; anything else stays prose."""
    if "\n" in prose or not prose.endswith(":") or len(prose) > 90:
        return prose
    return f"{prose[:-1]}\n{'-' * (len(prose) - 1)}"


def shown_only(example):
    """An example that raises, or is skipped, as a block of text: it is not executed."""
    first, *rest = DIRECTIVE.sub("", example.source).rstrip("\n").splitlines()
    lines = [f">>> {first}", *(f"... {line}" for line in rest), *example.want.splitlines()]
    return ".. code-block:: pycon\n\n" + "\n".join("   " + line for line in lines)


def cells(text):
    """Split examples into gallery cells: ("text", block) and ("code", source) in turn.

    Statements stay together until one of them has output: sphinx-gallery shows a cell's last value.
    """
    code = []
    for part in doctest.DocTestParser().parse(text):
        if isinstance(part, str):
            words = inspect.cleandoc(part).strip()
        elif part.exc_msg or part.options.get(doctest.SKIP):
            words = shown_only(part)
        else:
            words = ""
            code.append(DIRECTIVE.sub("", part.source).rstrip("\n"))
        if code and (words or (not isinstance(part, str) and part.want)):
            yield "code", "\n".join(code)
            code = []
        if words:
            yield "text", title_or_prose(words)
    if code:
        yield "code", "\n".join(code)


def script(symbol, tried):
    """Write the examples of a symbol as a script for sphinx-gallery."""
    kind = "func" if symbol.kind == "function" else symbol.kind[:5].replace("excep", "exc")
    plural = "example" if tried == 1 else "examples"
    out = [
        f'r"""\n{symbol.name}\n{"=" * len(symbol.name)}\n\n.. currentmodule:: {symbol.module}\n\n'
        f"{plain_marks(symbol.summary)}\n\n.. rst-class:: lucid-badge\n\n   {tried} {plural} of "
        f":{kind}:`{symbol.fullname}`, run and compared with the docstring in this build.\n"
        f'"""\n'
    ]
    config = f"# sphinx_gallery_thumbnail_path = {thumbnail.path(symbol)!r}\n"
    before = "docstring"
    for kind, block in cells(examples_of(symbol.doc)[0]):
        if kind == "text":
            out.append(("#\n" if before == "text" else "\n# %%\n") + comment(block))
        else:
            # a cell of this comment alone would be shown as an empty box
            out.append(("\n# %%\n" if before == "code" else "\n") + config + block)
            config = ""
        before = kind
    return "\n".join(out) + "\n"


def write_if_changed(path, text):
    """Leave a file that already says `text` alone: Sphinx looks at its date."""
    if not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def library_digest(folder):
    """Hash what the library consists of: sphinx-gallery looks at the scripts only."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".so", ".pyd", ".npz"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def remove_stale(scripts, pages, keep):
    """Delete scripts of names that are gone, and what sphinx-gallery made of them."""
    stems = {path.stem for path in keep}
    folders = {path.parent.name for path in keep}
    for path in (*scripts.glob("*/*"), *pages.glob("*/ex_*")):
        if path.is_file() and path.name.split(".")[0] not in stems:
            path.unlink()
    for folder in (*scripts.glob("*/"), *pages.glob("lucid*/")):
        if folder.is_dir() and folder.name not in folders:
            shutil.rmtree(folder)


def generate(app):
    """Compare all examples, write the scripts, and leave the results for the status page."""
    package = app.config.docstring_gallery_package
    source = Path(app.srcdir)
    folder = source / "_docstrings"
    stamp = folder / "library.sha256"
    digest = library_digest(package_folder(package))
    changed = not stamp.exists() or stamp.read_text("ascii") != digest
    if stamp.exists() and changed:
        app.config.sphinx_gallery_conf["run_stale_examples"] = True
    keep = {folder / "GALLERY_HEADER.rst"}
    write_if_changed(folder / "GALLERY_HEADER.rst", app.config.docstring_gallery_header)
    app.docstring_results, app.docstring_digest = {}, digest
    for symbol in public_symbols(package):
        if symbol.kind == "data":
            continue
        if not examples_of(symbol.doc)[0]:
            logger.warning(
                "%s has no examples",
                symbol.fullname,
                location=symbol.location,
                type="lucid",
                subtype="no_examples",
            )
            continue
        result = app.docstring_results[symbol.fullname] = compare(symbol)
        thumbnail.write(source, symbol)
        path = folder / symbol.module.replace(".", "_") / f"{stem(symbol)}.py"
        header = path.with_name("GALLERY_HEADER.rst")
        write_if_changed(path, script(symbol, result.tried))
        title = f"``{symbol.module}``"
        write_if_changed(
            header,
            f"{title}\n{'-' * len(title)}\n\n"
            f":ref:`The reference of this module <file-{symbol.module}>`.\n",
        )
        keep |= {path, header}
    remove_stale(folder, source / "examples", keep)
    write_if_changed(stamp, digest)
    gc.freeze()  # sphinx-gallery collects garbage before every script: let it pass over Sphinx's
    tried = sum(result.tried for result in app.docstring_results.values())
    failed = sum(result.failed for result in app.docstring_results.values())
    logger.info(
        "docstrings: %d pages, %d examples compared, %d differ",
        len(app.docstring_results),
        tried,
        failed,
    )


def leave_unsearched(app, doctree):
    """Let a search lead to the reference, which has the same examples; here titles are enough."""
    if app.env.docname.split("/")[0] in ("examples", "status"):
        app.env.metadata[app.env.docname]["nosearch"] = "yes"


def setup(app):
    app.add_config_value("docstring_gallery_package", "", "env")
    app.add_config_value("docstring_gallery_header", "Examples\n========\n", "env")
    # sphinx-gallery generates at builder-inited too, with the default priority of 500
    app.connect("builder-inited", generate, priority=100)
    app.connect("doctree-read", leave_unsearched)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
