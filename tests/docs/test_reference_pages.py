"""Pages say what a name extends, what belongs to it, and which methods are its own."""

from types import SimpleNamespace

import docutils.core
import docutils.nodes
import polish
import public_api
import pytest
import reference_pages

TABLE = public_api.symbol_names("lucid")


def page(name):
    return reference_pages.object_page(TABLE[f"lucid.nn.{name}"])


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("Conv2d", "Module"),
        ("ConvTranspose1d", "Module"),
        ("LazyConv3d", "Conv3d"),
        ("LazyConvTranspose2d", "ConvTranspose2d"),
    ],
)
def test_a_page_says_what_the_class_extends(name, base):
    assert f"extends :py:obj:`~lucid.nn.{base}`" in page(name)


def test_a_page_links_its_family():
    text = page("LazyConvTranspose2d")
    assert "lazy version of :py:obj:`~lucid.nn.ConvTranspose2d`" in text
    assert "adjoint of :py:obj:`~lucid.nn.LazyConv2d`" in text
    assert "as a function: :py:obj:`~lucid.nn.functional.conv_transpose2d`" in text
    assert "lazy version: :py:obj:`~lucid.nn.LazyConv1d`" in page("Conv1d")


@pytest.mark.parametrize(
    ("function", "layers"),
    [
        ("nn.functional.conv1d", ["Conv1d"]),
        ("nn.functional.cross_entropy", ["CrossEntropyLoss"]),
        ("nn.functional.batch_norm", ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]),
        ("tanh", ["Tanh"]),
        ("nn.functional.pad", []),
        ("exp", []),
    ],
)
def test_a_function_links_its_layers(function, layers):
    text = reference_pages.opening(TABLE[f"lucid.{function}"])
    links = ", ".join(f":py:obj:`~lucid.nn.{name}`" for name in layers)
    assert f"as a layer: {links}" in text if layers else "as a layer" not in text


@pytest.mark.parametrize("name", ["Conv1d", "ConvTranspose3d", "LazyConv2d", "LazyConvTranspose3d"])
def test_a_layer_shows_three_methods(name):
    text = page(name)
    assert "Methods (3)" in text
    places = [text.index(f"automethod:: {name}.{each}") for each in reference_pages.CALLED]
    assert places == sorted(places)


def test_a_layer_has_the_explorer_and_its_tested_examples():
    text = page("Conv2d")
    assert ".. conv-explorer:: kind=conv axes=2" in text
    assert "</examples/lucid_nn/ex_lucid_nn_Conv2d>" in text


def test_modules_group_names_by_file():
    symbols = [each for each in public_api.public_symbols("lucid") if each.module == "lucid.nn"]
    module = next(m for m in public_api.public_modules("lucid") if m.__name__ == "lucid.nn")
    text = reference_pages.module_page(module, symbols, {"lucid.nn"})
    assert (
        text.index("nn/conv.py")
        < text.index(":py:obj:`~lucid.nn.Conv1d`")
        < text.index("nn/linear.py")
    )


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (".. math:: y_{nfo} = b_f", ".. math:: y_{nfo} = b_f"),
        ("`x_` and zero_ write in place", r"`x_` and zero\_ write in place"),
        ("(N, C, *input_size)", r"(N, C, \*input_size)"),
    ],
)
def test_marks_in_prose_are_plain_and_formulae_are_left_alone(line, wanted):
    assert polish.plain_marks(line) == wanted


@pytest.mark.parametrize(
    ("text", "shown", "target"),
    [
        ("lucid.nn.Conv2d", "lucid.nn.Conv2d", "lucid.nn.Conv2d"),
        ("~lucid.nn.Conv2d", "Conv2d", "lucid.nn.Conv2d"),
        ("nn.Conv2d <lucid.nn.Conv2d>", "nn.Conv2d", "lucid.nn.Conv2d"),
        ("x < y", "x < y", "x < y"),
    ],
)
def test_code_is_a_link_under_its_own_words(text, shown, target):
    env = SimpleNamespace(docname="index", ref_context={})
    inliner = SimpleNamespace(document=SimpleNamespace(settings=SimpleNamespace(env=env)))
    (node,), _ = polish.code_role("lucid-code", f"`{text}`", text, 1, inliner)
    assert (node.astext(), node["reftarget"]) == (shown, target)


def test_the_default_of_a_type_is_code():
    assert "str, default ‘mean’".translate(polish.STRAIGHT) == "str, default 'mean'"


def test_a_title_keeps_its_last_mark():
    doctree = docutils.core.publish_doctree("zeros_\n======\n\nSee zeros_.\n")
    polish.whole_titles(None, doctree)
    (title,) = doctree.findall(docutils.nodes.title)
    assert title.astext() == "zeros_"
    assert len(list(doctree.findall(docutils.nodes.reference))) == 1  # that of the text


def test_the_page_of_tensor_tells_every_method():
    symbol = TABLE["lucid.Tensor"]
    steps = dict(reference_pages.shared_methods(symbol))
    told = {*reference_pages.own_methods(symbol), *steps}
    there = {
        name for name in dir(symbol.obj)
        if not name.startswith("_") and callable(getattr(symbol.obj, name))
    }
    assert told == there
    assert steps["reshape"].fullname == "lucid.reshape" and "view" not in steps
