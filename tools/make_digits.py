"""Make lucid/datasets/digits.npz from the digits.csv.gz that scikit-learn carries.

Run once, by hand; the result is committed:

    python -m pip install scikit-learn      # in an environment of its own
    python tools/make_digits.py <folder of the sklearn package>/datasets/data/digits.csv.gz

The source is a text table of 1,797 rows: 64 grey levels 0..16 of an 8 x 8 image, row by row, and
the digit it shows. The rows are the *test* file of the UCI data set, in their order. Nothing is
changed but the storage: one byte for each number.
"""

import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "lucid" / "datasets" / "digits.npz"


def main(source):
    """Read the table at `source`, check what is known of it, and write TARGET."""
    table = np.loadtxt(source, delimiter=",")
    assert table.shape == (1797, 65) and table.min() == 0 and table.max() == 16
    assert np.array_equal(table, np.round(table))
    images = table[:, :64].reshape(-1, 8, 8).astype(np.uint8)
    labels = table[:, 64].astype(np.uint8)
    assert labels.max() == 9
    np.savez_compressed(TARGET, images=images, labels=labels)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/make_digits.py path/to/digits.csv.gz")
    main(sys.argv[1])
