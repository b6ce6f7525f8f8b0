"""What happens before every example, named by a string in conf.py (Sphinx caches no functions)."""

import random

import matplotlib.pyplot as plt
import numpy as np

import lucid
from lucid.kernels import registry

OWN = tuple(registry.kernels)  # the algorithms before an example adds one


def reset_state(gallery_conf=None, name=None):
    """Start random numbers anew and forget the kernels of other examples, in each runner."""
    random.seed(0)
    np.random.seed(0)
    lucid.manual_seed(0)
    lucid.set_default_dtype(lucid.float32)
    for each in set(registry.kernels).difference(OWN):
        del registry.kernels[each]
    if name and "plot_" in str(name):  # the examples of docstrings draw nothing
        plt.rcdefaults()
        plt.rcParams["figure.dpi"] = 110


def pages_first(path):
    """Sort the pages that use a name: written pages before examples of other docstrings."""
    return "_docstrings" in path, path
