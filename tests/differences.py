"""Derivatives by differences, to hold the written ones against."""

import numpy as np


def numeric_grad(function, x, step=0.5):
    """Differentiate a number by every element of the float64 array x, changing x and back.

    Central differences are exact for what is of second degree in each element, whatever the step.
    """
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        before = x[place]
        x[place] = before + step
        high = function()
        x[place] = before - step
        gradient[place] = (high - function()) / (2 * step)
        x[place] = before
    return gradient
