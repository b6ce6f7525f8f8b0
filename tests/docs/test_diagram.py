"""A picture has a cell for each position and marks those that the geometry ties together."""

import re

import diagram
import pytest

from lucid.geometry import conv_geometry, conv_transpose_geometry


def cells(svg, kind):
    return len(re.findall(f'class="[^"]*{kind}[^"]*"', svg))


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "d"), [(7, 3, 2, 1, 1), (8, 3, 1, 0, 2), (5, 5, 1, 2, 1)]
)
@pytest.mark.parametrize("ndim", [1, 2])
def test_a_convolution_has_all_its_cells(n, k, s, p, d, ndim):
    geometry = conv_geometry((1, 1, *(n,) * ndim), (1, 1, *(k,) * ndim), (s,), ((p, p),), (d,))
    size = geometry.output_size[0]
    svg = diagram.diagram(geometry, False, "a title")
    assert cells(svg, "lucid-cell-in") == n**ndim
    assert cells(svg, "lucid-cell-out") == size**ndim
    frames = min(size**ndim, diagram.MOST_FRAMES)
    assert cells(svg, "lucid-mark-here") == frames
    assert cells(svg, "lucid-mark-tap") == frames * k**ndim
    assert "<title>a title</title>" in svg


def test_a_transposed_convolution_spreads_its_input():
    geometry = conv_transpose_geometry((1, 1, 4), (1, 1, 3), (2,), (1,), (1,))
    svg = diagram.diagram(geometry, True, "t")
    assert cells(svg, "lucid-cell-in") == 4
    assert cells(svg, "lucid-cell-out") == 8
    assert cells(svg, "lucid-cell-margin") == 1  # what padding crops


def test_a_volume_is_drawn_slice_by_slice():
    geometry = conv_geometry((1, 1, 3, 3, 3), (1, 1, 3, 3, 3), padding=((1, 1),))
    svg = diagram.diagram(geometry, False, "t")
    assert cells(svg, "lucid-cell-in") == cells(svg, "lucid-cell-out") == 27
    assert cells(svg, "lucid-cell-margin") == 3 * (25 - 9)


def test_positions_follow_the_rule():
    geometry = conv_geometry((1, 1, 9), (1, 1, 3), (2,), ((1, 1),), (2,))
    assert list(diagram.positions(geometry, (1,))) == [(1,), (3,), (5,)]
