"""The check of the built site finds what it is there to find."""

import check_site
import pytest


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('<script src="https://cdn.example/x.js"></script>', 1),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', 1),
        ('<img src="https://example.org/x.png">', 1),
        ('<style>@import "https://example.org/x.css";</style>', 1),
        ('<p style="background: url(https://example.org/x.png)">', 1),
        ('<img srcset="a.png 1x, https://example.org/x.png 2x">', 1),
        ('<a href="https://example.org">only a link</a>', 0),
        ('<link rel="canonical" href="https://example.org">', 0),
        ('<script src="own.js"></script>', 0),
    ],
)
def test_loads_from_elsewhere_are_found(tmp_path, text, count):
    (tmp_path / "index.html").write_text(text, "utf-8")
    assert len(check_site.external_loads(tmp_path)) == count


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("a.css", "@font-face { src: url(https://example.org/f.woff) }", 1),
        ("a.css", "a { background: url(data:image/png;base64,x) }", 0),
        ("a.js", 'fetch("https://example.org/data")', 1),
        ("a.js", 'const namespace = "http://www.w3.org/2000/svg";', 0),
    ],
)
def test_style_sheets_and_scripts_are_read_too(tmp_path, name, text, count):
    (tmp_path / name).write_text(text, "utf-8")
    assert len(check_site.external_loads(tmp_path)) == count


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">1</a><a href="b.html#there">2</a>'
        '<a href="c.html">3</a><a href="#x">4</a><p id="x">',
        "utf-8",
    )
    (tmp_path / "b.html").write_text('<p id="here">', "utf-8")
    assert sorted(check_site.broken_links(tmp_path)) == [
        "a.html links to b.html#there: no such place",
        "a.html links to c.html: no such file",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("<msub><mi>x</mi><mi>n</mi></msub>", 0),
        ("<mi>output</mi><mi>_</mi><mi>padding</mi>", 0),
        ("<mi>x</mi>\n<mi>_</mi>\n<mrow><mi>n</mi></mrow>", 1),
        ("<p>See :class:`Conv1d`.</p>", 1),
        ("<p>Say ``bias=False``.</p>", 1),
        ("<pre>``bias``</pre><code>:math:`x`</code>", 0),
        ("<p>slice 1:2 of `x`</p>", 0),
        ('<code><span class="pre">&lt;lucid.nn.Conv2d&gt;</span></code>', 1),
        ('<code><span class="pre">&lt;factory&gt;</span></code>', 0),
    ],
)
def test_markup_that_was_not_understood_is_found(tmp_path, text, count):
    (tmp_path / "index.html").write_text(text, "utf-8")
    assert len(check_site.unread_markup(tmp_path)) == count
