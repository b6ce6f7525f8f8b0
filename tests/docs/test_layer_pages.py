"""Picture and explorer of a layer's page are set to the page's first example."""

import layer_pages
import public_api
import pytest

TABLE = public_api.symbol_names("lucid")
LAYERS = [
    f"{lazy}Conv{transpose}{ndim}d"
    for lazy in ("", "Lazy")
    for transpose in ("", "Transpose")
    for ndim in (1, 2, 3)
]


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_has_settings_that_work(name):
    settings, ndim = layer_pages.preset(TABLE[f"lucid.nn.{name}"])
    assert ndim == int(name[-2])
    assert settings["kind"] == ("transposed" if "Transpose" in name else "conv")
    assert all(1 <= n <= layer_pages.LIMIT for n in layer_pages.along(settings, "n", ndim))
    geometry = layer_pages.geometry_of(layer_pages.small(settings, ndim), ndim)
    assert geometry.kernel_size == layer_pages.along(settings, "k", ndim)
    assert max(geometry.input_size) <= 16
    words = layer_pages.as_words(settings, ndim)
    read = layer_pages.parse_settings(words)
    assert {key: read[key] for key in settings} == settings


def test_settings_are_those_of_the_example():
    settings, _ = layer_pages.preset(TABLE["lucid.nn.LazyConvTranspose3d"])
    assert {key: settings[key] for key in "nkspd"} == {
        "n": (4, 8, 8), "k": 4, "s": 2, "p": 1, "d": 1,
    }


def test_axes_that_differ_keep_their_own_settings():
    settings, _ = layer_pages.preset(TABLE["lucid.nn.Conv3d"])
    assert settings["n"] == (8, 32, 32) and settings["s"] == (1, 2, 2) and settings["k"] == 3
    geometry = layer_pages.geometry_of(layer_pages.small(settings, 3), 3)
    assert geometry.stride == (1, 2, 2) and geometry.input_size == (4, 4, 4)
    assert "n=32 k=3 s=2 p=1" in layer_pages.as_words(settings, 1)
    assert "n=8,32,32 k=3 s=1,2,2 p=1" in layer_pages.as_words(settings, 3)
    assert layer_pages.parse_settings("n=7,7 k=3,5")["n"] == 7


def test_a_picture_in_a_chapter_draws_the_sizes_it_names():
    settings = layer_pages.parse_settings("kind=transposed axes=1 n=4 k=3 s=2 p=1 op=1")
    geometry = layer_pages.geometry_of(settings, 1)
    assert (geometry.output_size, geometry.input_size) == ((4,), (8,))


def test_other_names_have_no_explorer():
    assert layer_pages.layer_block(TABLE["lucid.nn.Linear"]) == []
