"""The status page: every public name, its examples, how many there are and how long they took."""

from pathlib import Path

from docstring_gallery import page, write_if_changed
from public_api import public_symbols

HEAD = """\
Status
======

.. rst-class:: lucid-badge

   {pages} names, {tried} examples, {failed} that differ from what their docstring says.

Every example of every docstring was run and compared with the docstring when this site was built.
A difference, or a public name without an example, fails the build. The times are those of the last
change of the library.

.. list-table::
   :class: lucid-names lucid-status
   :header-rows: 1
   :widths: 46 18 18 18

   * - Name
     - Examples
     - Differ
     - Milliseconds
"""


def row(symbol, result):
    """One line of the table."""
    return (
        f"   * - :py:obj:`{symbol.fullname}`\n     - :doc:`{result.tried} </{page(symbol)}>`\n"
        f"     - {result.failed}\n     - {1000 * result.seconds:.1f}\n"
    )


def generate(app):
    """Write the page, if anything but the times has changed."""
    results = app.docstring_results
    file = Path(app.srcdir) / "status.rst"
    symbols = [
        each
        for each in public_symbols(app.config.docstring_gallery_package)
        if each.fullname in results
    ]
    counts = [(name, each.tried, each.failed) for name, each in results.items()]
    stamp = f".. {hash_of(counts, app.docstring_digest)}\n\n"
    if file.exists() and file.read_text("utf-8").startswith(stamp):
        return
    head = HEAD.format(
        pages=len(results),
        tried=sum(each.tried for each in results.values()),
        failed=sum(each.failed for each in results.values()),
    )
    rows = "".join(row(each, results[each.fullname]) for each in symbols)
    write_if_changed(file, stamp + head + rows)


def hash_of(counts, digest):
    """What the page depends on, beside the times."""
    tried, failed = sum(tried for _, tried, _ in counts), sum(failed for *_, failed in counts)
    return f"{len(counts)}-{tried}-{failed}-{digest[:12]}"


def setup(app):
    app.connect("builder-inited", generate, priority=210)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
