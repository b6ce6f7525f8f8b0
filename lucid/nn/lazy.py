"""Layers that learn their input's channels from the first input, or from a state dict."""

from lucid.errors import LucidError
from lucid.nn.hooks import Hook
from lucid.nn.parameter import is_lazy
from lucid.nn.state import as_array

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """Put before the class of a layer whose parameters wait for the first input.

    The layer registers an `UninitializedParameter` (or `UninitializedBuffer`) for each tensor that
    has no shape yet, and says in `initialize_parameters` how the shape follows from an input. Until
    then the attribute reads as None, `parameters()` gives the placeholder, and the state dict has
    no entry. The object stays the same when it is filled, and so does the class of the layer.

    Parameters
    ----------
    *args, **kwargs
        Handed on to the next class.

    Notes
    -----
    Either all is initialized or nothing: when the first call, or the loading of a state dict,
    raises, the layer is as it was before and still waits.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> class LazyScale(nn.LazyModuleMixin, nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.gain = nn.UninitializedParameter()
    ...     def initialize_parameters(self, x):
    ...         self.materialize_parameters(gain=x.shape[-1:])
    ...         nn.init.ones_(self.gain)
    ...     def forward(self, x):
    ...         return self.gain * x
    >>> layer = LazyScale()
    >>> print(layer.gain)
    None
    >>> layer(lucid.zeros(4, 2)).shape, layer.gain.shape
    ((4, 2), (2,))
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # An entry makes Module.__call__ come by _call_hooked; it goes when it is needed no more.
        self._call_hooks["lazy"] = Hook("initialize", LazyModuleMixin._initialize)

    def placeholders(self):
        """Map names to what has no shape yet.

        Returns
        -------
        dict of str to Tensor
            Placeholders of parameters and buffers; empty once they are materialized.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> list(nn.LazyConv1d(4, 3, bias=False).placeholders())
        ['weight']
        """
        entries = {**self._parameters, **self._buffers}
        return {name: x for name, x in entries.items() if is_lazy(x)}

    def materialize_parameters(self, **shapes):
        """Give every placeholder its shape, all at once; the elements are zeros.

        Parameters
        ----------
        **shapes : tuple of int
            The shapes by name. Names that are no placeholder are ignored: the layer may have no
            bias, or share one that another layer has materialized.

        Raises
        ------
        TypeError
            If the shape of a placeholder is not given; nothing is done then.

        Examples
        --------
        See the class.
        """
        placeholders = self.placeholders()
        if missing := [name for name in placeholders if name not in shapes]:
            raise TypeError(f"materialize_parameters: no shape for {', '.join(missing)}")
        for name, x in placeholders.items():
            x.materialize(shapes[name])

    def initialize_parameters(self, *args, **kwargs):
        """Materialize every placeholder for the input of the first call; each layer has its own.

        Parameters
        ----------
        *args, **kwargs
            What the layer was called with.

        Raises
        ------
        NotImplementedError
            If the layer has none.

        Examples
        --------
        See the class.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no initialize_parameters: define it to materialize "
            f"{', '.join(self.placeholders())}"
        )

    def initialize_from_state(self, arrays):
        """Materialize every placeholder for the arrays of a state dict.

        The elements are copied afterwards. A layer overrides this to check the arrays, and to set
        what follows from them: raise a LucidError if they do not fit, and give what `arrays` lacks
        its usual first values.

        Parameters
        ----------
        arrays : dict of str to numpy.ndarray
            What the state dict has for the placeholders, by their names; at least one.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.LazyConv1d(4, 3, bias=False)
        >>> layer.load_state_dict({"weight": lucid.zeros(4, 2, 3)})
        <All keys matched successfully>
        >>> layer.in_channels
        2
        """
        for name, array in arrays.items():
            self.placeholders()[name].materialize(array.shape)

    def _call_hooked(self, args, kwargs):
        if not self.placeholders():
            self._call_hooks.pop("lazy", None)
            return super()._call_hooked(args, kwargs)
        undo = _restorer(self)
        try:
            return super()._call_hooked(args, kwargs)
        except BaseException:
            undo()
            raise

    def _initialize(self, args, kwargs):
        self.initialize_parameters(*args, **kwargs)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        found = {name: as_array(state_dict.get(prefix + name)) for name in self.placeholders()}
        arrays = {name: array for name, array in found.items() if array is not None}
        if arrays:
            local_metadata["undo"].append(_restorer(self))
            try:
                self.initialize_from_state(arrays)
            except LucidError as error:
                error.pass_through(self, prefix[:-1])
                error_msgs.append(str(error))
                return
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


def _restorer(layer):
    """Return a function that takes the layer and its placeholders back to what they are now."""
    attributes = dict(layer.__dict__)
    tensors = [(x, type(x), dict(x.__dict__)) for x in layer.placeholders().values()]

    def restore():
        layer.__dict__.clear()
        layer.__dict__.update(attributes)
        for x, its_class, state in tensors:
            x.__class__ = its_class
            x.__dict__.clear()
            x.__dict__.update(state)

    return restore
