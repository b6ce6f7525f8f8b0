"""Products of spectra equal those of NumPy's complex numbers, for every number of rows."""

import numpy as np
import pytest

from lucid._cython import spectra


@pytest.mark.parametrize("bins", [16, 144])
@pytest.mark.parametrize(("rows", "columns", "terms"), [(1, 1, 1), (2, 2, 3), (3, 5, 2), (4, 1, 7)])
def test_it_adds_the_products(rows, columns, terms, bins):
    rng = np.random.default_rng(0)
    p, q, out = (
        rng.integers(-9, 10, (*shape, 2, bins)).astype(float)
        for shape in ((rows, terms), (columns, terms), (rows, columns))
    )

    def number(a):
        return a[:, :, 0] + 1j * a[:, :, 1]

    wanted = number(out) + np.einsum("arm,brm->abm", number(p), number(q))
    for threads in (1, 2):
        found = out.copy()
        spectra.add_products(p, q, found, threads)
        assert np.array_equal(number(found), wanted)


def test_the_first_two_axes_may_be_exchanged():
    rng = np.random.default_rng(0)
    p, q = rng.integers(-9, 10, (2, 3, 5, 2, 32)).astype(float)
    straight, exchanged = np.zeros((2, 3, 3, 2, 32))
    spectra.add_products(p, q, straight, 1)
    swapped = [each.swapaxes(0, 1).copy().swapaxes(0, 1) for each in (p, q)]
    spectra.add_products(*swapped, exchanged.swapaxes(0, 1), 1)
    assert np.array_equal(straight, exchanged.swapaxes(0, 1))


def test_nothing_is_added_where_nothing_is():
    out = np.ones((2, 2, 2, 16))
    spectra.add_products(np.zeros((2, 0, 2, 16)), np.zeros((2, 0, 2, 16)), out, 1)
    assert (out == 1).all()
