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
    assert 1 <= settings["n"] <= layer_pages.LIMIT
    geometry = layer_pages.geometry_of(settings, ndim)
    assert geometry.kernel_size == (settings["k"],) * ndim
    words = layer_pages.as_words(settings)
    read = layer_pages.parse_settings(words)
    assert {key: read[key] for key in settings} == settings


def test_settings_are_those_of_the_example():
    settings, _ = layer_pages.preset(TABLE["lucid.nn.LazyConvTranspose3d"])
    assert {key: settings[key] for key in "nkspd"} == {"n": 8, "k": 4, "s": 2, "p": 1, "d": 1}


def test_other_names_have_no_explorer():
    assert layer_pages.layer_block(TABLE["lucid.nn.Linear"]) == []
