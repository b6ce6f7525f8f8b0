"""What happens before every example, named by a string in conf.py (Sphinx caches no functions)."""

import random

import matplotlib.pyplot as plt
import numpy as np

import lucid


def reset_state(gallery_conf=None, name=None):
    """Start every source of random numbers anew, in each of the three runners."""
    random.seed(0)
    np.random.seed(0)
    lucid.manual_seed(0)
    lucid.set_default_dtype(lucid.float32)
    if name and "plot_" in str(name):  # the examples of docstrings draw nothing
        plt.rcdefaults()
        plt.rcParams["figure.dpi"] = 110
