"""A convolution is a matrix, its transposed the transposed matrix, and both an einsum."""

import itertools

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F
from lucid.conv import conv_as_einsum, conv_matrix, conv_transpose_matrix

OPTIONS = [
    dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    for stride, padding, dilation, groups in itertools.product((1, 2), (0, 1), (1, 2), (1, 2))
]
SIZES = {1: (9,), 2: (6, 5), 3: (5, 5, 6)}
each_ndim = pytest.mark.parametrize("ndim", [1, 2, 3])


def draw(*shape):
    return lucid.tensor(np.random.default_rng(len(shape)).standard_normal(shape))


@each_ndim
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_matrix_times_x_is_the_convolution(ndim, options):
    x, w = draw(4, *SIZES[ndim]), draw(6, 4 // options["groups"], *(3, 2, 2)[:ndim])
    y = getattr(F, f"conv{ndim}d")(x, w, **options)
    matrix = conv_matrix(w, SIZES[ndim], **options)
    np.testing.assert_allclose((matrix @ x.flatten()).numpy(), y.flatten().numpy(), atol=1e-12)


@each_ndim
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_transposed_matrix_times_y_is_the_transposed_convolution(ndim, options):
    size = (3, 4, 2)[:ndim]
    options = {**options, "output_padding": max(options["stride"], options["dilation"]) - 1}
    x, w = draw(4, *size), draw(4, 6 // options["groups"], *(3, 2, 2)[:ndim])
    y = getattr(F, f"conv_transpose{ndim}d")(x, w, **options)
    matrix = conv_transpose_matrix(w, size, **options)
    np.testing.assert_allclose((matrix @ x.flatten()).numpy(), y.flatten().numpy(), atol=1e-12)
    # with less, the convolution of the output's size leads back to the input's
    options["output_padding"] = options["stride"] - 1
    matrix = conv_transpose_matrix(w, size, **options)
    y = getattr(F, f"conv_transpose{ndim}d")(x, w, **options)
    del options["output_padding"]
    assert (matrix == conv_matrix(w, y.shape[1:], **options).T).all()


@each_ndim
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_einsum_of_the_windows_is_the_convolution(ndim, options):
    x, w = draw(2, 4, *SIZES[ndim]), draw(6, 4 // options["groups"], *(3, 2, 2)[:ndim])
    parts = conv_as_einsum(x, w, **options)
    y = getattr(F, f"conv{ndim}d")(x, w, **options).numpy()
    np.testing.assert_allclose(parts.output.numpy(), y, atol=1e-12)
    again = np.einsum(parts.subscripts, parts.windows, parts.weight)
    np.testing.assert_allclose(again.reshape(y.shape), y, atol=1e-12)


def test_same_padding_is_a_square_matrix():
    w = draw(1, 1, 4)
    assert conv_matrix(w, 7, padding="same").shape == (7, 7)
    x = draw(1, 1, 7)
    y = F.conv1d(x, w, padding="same").numpy()
    np.testing.assert_allclose(conv_as_einsum(x, w, padding="same").output.numpy(), y)


def test_the_sparse_form_holds_the_same_entries():
    w = draw(2, 3, 3, 3)
    for function in (conv_matrix, conv_transpose_matrix):
        dense = function(w, (5, 6), stride=2, padding=1).numpy()
        sparse = function(w, (5, 6), stride=2, padding=1, sparse=True)
        again = np.zeros(sparse.shape)
        np.add.at(again, (sparse.rows, sparse.columns), sparse.values)
        assert (again == dense).all() and len(sparse.values) == (dense != 0).sum()


def test_the_windows_copy_nothing():
    windows = conv_as_einsum(draw(1, 1, 100), draw(1, 1, 5)).windows
    assert windows.strides[-1] == windows.strides[-2] == 8 and not windows.flags.writeable


def test_a_matrix_too_large_is_refused_with_its_bytes():
    with pytest.raises(lucid.ShapeError, match=r"has 19\d+ bytes, more than 2147483648; say spar"):
        conv_matrix(draw(1, 1, 3, 3), (222, 222))


def test_what_does_not_fit_is_refused():
    with pytest.raises(lucid.ShapeError, match="length 2 with kernel 3"):
        conv_matrix(draw(1, 1, 3), 2)
    with pytest.raises(ValueError, match="output_padding"):
        conv_transpose_matrix(draw(1, 1, 3), 2, output_padding=1)
    with pytest.raises(lucid.ShapeError, match=r"has no batch axis; use x\[None\]"):
        conv_as_einsum(draw(1, 5), draw(1, 1, 3))
    with pytest.raises(TypeError):
        conv_matrix(np.zeros((1, 1, 3)), 5)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (1, 1, 1, 1, 1, 1)], ids=str)
def test_a_weight_without_one_to_three_spatial_axes_is_refused(shape):
    weight = lucid.ones(shape)
    for call in (conv_matrix, conv_transpose_matrix):
        with pytest.raises(lucid.ShapeError, match="needs 3 to 5 axes: two of channels"):
            call(weight, (5, 5))
    with pytest.raises(lucid.ShapeError, match="needs 3 to 5 axes: two of channels"):
        conv_as_einsum(weight, weight)
