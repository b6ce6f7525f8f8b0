"""Layers whose first values are not drawn, because a state dict will bring them."""

from lucid.nn.module import Module
from lucid.random import get_rng_state, set_rng_state

__all__ = ["skip_init"]


def skip_init(module_cls, *args, **kwargs):
    """Make a layer as if nothing had been drawn for it: the random numbers go on as before.

    Parameters
    ----------
    module_cls : type
        The class of the layer.
    *args, **kwargs
        What to make it with.

    Returns
    -------
    Module
        The layer; its values mean nothing until they are loaded.

    Raises
    ------
    TypeError
        If the class is no Module.

    Notes
    -----
    PyTorch leaves the memory as it was, to save time; here what was drawn is merely not missed by
    the numbers that come after.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.utils.skip_init(nn.Linear, 20, 30)
    >>> layer.weight.shape
    (30, 20)
    """
    if not isinstance(module_cls, type) or not issubclass(module_cls, Module):
        raise TypeError(f"skip_init needs a class of modules, not {module_cls!r}")
    state = get_rng_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        set_rng_state(state)
