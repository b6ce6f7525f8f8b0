"""Reading a state dict into a model: everything is checked before anything is written."""

import os
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from lucid.errors import LucidError
from lucid.nn.hooks import hooks_of
from lucid.nn.parameter import Parameter, is_lazy
from lucid.tensor import Tensor

__all__ = ["IncompatibleKeys"]


class IncompatibleKeys(NamedTuple):
    """The keys in which a state dict and a model differ, as `Module.load_state_dict` returns them.

    Attributes
    ----------
    missing_keys : list of str
        Those that the model has and the dict has not.
    unexpected_keys : list of str
        Those that the dict has and the model has not.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Identity().load_state_dict({"gain": lucid.zeros(1)}, strict=False).unexpected_keys
    ['gain']
    """

    missing_keys: list
    unexpected_keys: list

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        missing, unexpected = self
        return f"IncompatibleKeys(missing_keys={missing}, unexpected_keys={unexpected})"


def _load(model, state_dict, strict, assign):
    """Do the work of `Module.load_state_dict`."""
    if not isinstance(state_dict, Mapping):
        is_path = isinstance(state_dict, str | os.PathLike)
        hint = "; read the file first: load_state_dict(lucid.load(path))" if is_path else ""
        kind = type(state_dict).__name__
        raise TypeError(f"expected state_dict to be dict-like, got a {kind}{hint}")
    keys = IncompatibleKeys([], [])
    errors, writes, undo, after = [], [], [], []
    metadata = {"assign_to_params_buffers": assign, "writes": writes, "undo": undo}

    def visit(module, local_dict, prefix):
        module._load_from_state_dict(local_dict, prefix, dict(metadata), True, *keys, errors)
        for name, child in module._modules.items():
            if child is not None:
                start = f"{prefix}{name}."
                inside = {key: x for key, x in local_dict.items() if key.startswith(start)}
                visit(child, OrderedDict(inside), start)
        for hook in hooks_of(module._state_hooks, "load_state_dict_post"):
            after.append((hook.function, module))

    try:
        visit(model, OrderedDict(state_dict), "")
        # A post-hook may forgive keys, so where there is one they can only be judged after it.
        _judge(model, keys if strict and not after else ((), ()), errors)
    except BaseException:
        for step in reversed(undo):
            step()
        raise
    for write in writes:
        write()
    for hook, module in after:
        hook(module, keys)
    _judge(model, keys if strict else ((), ()), errors)
    return keys


def _judge(model, keys, errors):
    missing, unexpected = keys
    lines = list(errors)
    if unexpected:
        lines.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    if missing:
        lines.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if lines:
        name = type(model).__name__
        raise LucidError("\n\t".join([f"Error(s) in loading state_dict for {name}:", *lines]))


def _quoted(keys):
    return ", ".join(f'"{key}"' for key in keys)


def as_array(value):
    """View a tensor or an array, lucid's or not, as a NumPy array; None if it is neither."""
    if isinstance(value, Tensor):
        return value.array
    array = np.asarray(value) if hasattr(value, "__array__") else None
    return array if array is not None and array.dtype.kind in "biuf" else None


def _load_local(module, state_dict, prefix, metadata, strict, missing, unexpected, errors):
    """Check the entries of one module, without its children, and note what to write."""
    if not strict:
        missing, unexpected = [], []
    targets = module._local_state()
    assign = metadata["assign_to_params_buffers"]
    for name, target in targets.items():
        key = prefix + name
        if key in state_dict:
            problem = _check(key, state_dict[key], target, assign)
            if problem is not None:
                errors.append(problem)
            else:
                write = _assign if assign else _copy
                metadata["writes"].append(partial(write, module, name, target, state_dict[key]))
        elif not is_lazy(target):  # what is not there yet cannot be missing
            missing.append(key)
    has_extra = module._has_extra_state("set_extra_state")
    extra = f"{prefix}_extra_state"
    if has_extra and extra in state_dict:
        metadata["writes"].append(partial(module.set_extra_state, state_dict[extra]))
    elif has_extra:
        missing.append(extra)
    for key in state_dict:
        first, _, rest = key.removeprefix(prefix).partition(".")
        known = first in module._modules if rest else first in targets
        if key.startswith(prefix) and not known and not (has_extra and key == extra):
            unexpected.append(key)


def _check(key, value, target, assign):
    """Say why `value` cannot be loaded into `target`, or None if it can."""
    array = as_array(value)
    if array is None:
        return (
            f'while copying "{key}": expected a tensor or an array of numbers from the state '
            f"dict, got a {type(value).__name__}"
        )
    if is_lazy(target):
        return f'"{key}" has no shape yet, and its module cannot learn it from a state dict'
    if array.shape != target.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {array.shape} from checkpoint, "
            f"the shape in current model is {target.shape}."
        )
    if assign and target.requires_grad and array.dtype.kind != "f":
        return f'"{key}" requires a gradient: {array.dtype.name} numbers cannot be assigned to it'
    return None


def _copy(module, name, target, value):
    np.copyto(target.array, as_array(value), casting="unsafe")
    target.bump()


def _assign(module, name, target, value):
    tensor = value if isinstance(value, Tensor) else target.wrap(as_array(value))
    if isinstance(target, Parameter):
        if not isinstance(tensor, Parameter):
            tensor = Parameter(tensor, requires_grad=False)
        tensor.requires_grad_(target.requires_grad)
    elif isinstance(tensor, Parameter):
        tensor = tensor.detach()
    setattr(module, name, tensor)


class HasState:
    """What a module does about state dicts: the part of `Module` that writes and reads them."""

    def state_dict(self, *, destination=None, prefix="", keep_vars=False):
        """Collect all parameters and persistent buffers by dotted name.

        Parameters
        ----------
        destination : dict, optional
            Where to put them; default a new OrderedDict.
        prefix : str, default ""
            Put before every name as it is.
        keep_vars : bool, default False
            Give the parameters themselves instead of tensors without graph.

        Returns
        -------
        OrderedDict
            The tensors, which share the memory of the model. A lazy layer that has no shape yet
            has no entry.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> dict(nn.ParameterList([lucid.zeros(2)]).state_dict())
        {'0': tensor([0., 0.])}
        """
        destination = OrderedDict() if destination is None else destination
        for hook in hooks_of(self._state_hooks, "state_dict_pre"):
            hook.function(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                start = f"{prefix}{name}."
                child.state_dict(destination=destination, prefix=start, keep_vars=keep_vars)
        for hook in hooks_of(self._state_hooks, "state_dict"):
            hook.function(self, destination, prefix, {})
        return destination

    def load_state_dict(self, state_dict, strict=True, assign=False):
        r"""Read all parameters and persistent buffers from a dict.

        Everything is checked before anything is written: when this raises, the model is as it was.

        Parameters
        ----------
        state_dict : dict of str to Tensor
            As `state_dict` gives it; arrays are accepted too, NumPy's or others that can be viewed
            as such. Their type is converted to the model's.
        strict : bool, default True
            Whether missing or unexpected keys are an error.
        assign : bool, default False
            Put the tensors of the dict into the model, with their type, instead of copying their
            elements. An optimizer that was made before does not know them.

        Returns
        -------
        IncompatibleKeys
            A named tuple: `missing_keys`, `unexpected_keys`.

        Raises
        ------
        LucidError
            A RuntimeError that lists all that does not fit.
        TypeError
            If `state_dict` is no dict.

        Notes
        -----
        A lazy layer gets its shape from the dict. Where a module has a post-hook, missing and
        unexpected keys are judged after it, as in PyTorch, so after writing. The arguments of an
        own `set_extra_state` cannot be checked before either.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> model = nn.ParameterList([lucid.zeros(2)])
        >>> model.load_state_dict({"0": lucid.ones(2)})
        <All keys matched successfully>
        >>> model.load_state_dict({"1": lucid.ones(2)})
        Traceback (most recent call last):
        ...
        lucid.errors.LucidError: Error(s) in loading state_dict for ParameterList:
            Missing key(s) in state_dict: "0".
            Unexpected key(s) in state_dict: "1".
        """
        return _load(self, state_dict, strict, assign)

    def _local_state(self):
        """Map names to the parameters and persistent buffers of the module without its children."""
        entries = chain(self._parameters.items(), self._buffers.items())
        transient = self._transient_buffers
        return {name: x for name, x in entries if x is not None and name not in transient}

    def _has_extra_state(self, method):
        return getattr(type(self), method) is not getattr(HasState, method)

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        """Put the module's own entries into `destination`; may be overridden.

        Parameters
        ----------
        destination : dict
            What `state_dict` will return; written.
        prefix : str
            What stands before the names of this module: ``"features.3."``.
        keep_vars : bool
            Whether the entries are the parameters themselves.

        Examples
        --------
        A module whose key has another name in the state dict:

        >>> import lucid
        >>> import lucid.nn as nn
        >>> class Renamed(nn.Linear):
        ...     def _save_to_state_dict(self, destination, prefix, keep_vars):
        ...         super()._save_to_state_dict(destination, prefix, keep_vars)
        ...         destination[prefix + "W"] = destination.pop(prefix + "weight")
        >>> list(Renamed(2, 3).state_dict())
        ['bias', 'W']
        """
        for name, x in self._local_state().items():
            if not is_lazy(x):
                destination[prefix + name] = x if keep_vars else x.detach()
        if self._has_extra_state("get_extra_state"):
            destination[f"{prefix}_extra_state"] = self.get_extra_state()

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        """Check the module's own entries and note what to write; may be overridden.

        Parameters
        ----------
        state_dict : dict
            The entries of this module and of those in it, under their whole names.
        prefix : str
            What stands before the names of this module: ``"features.3."``.
        local_metadata : dict
            ``local_metadata["writes"]`` collects functions that are called when all modules were
            checked, ``local_metadata["undo"]`` those that are called when one did not fit.
        strict : bool
            Whether keys that are missing, or not expected, are errors.
        missing_keys, unexpected_keys, error_msgs : list of str
            Collect what does not fit; written.

        Examples
        --------
        A module that reads files with another name for its key:

        >>> import lucid
        >>> import lucid.nn as nn
        >>> class Renamed(nn.Linear):
        ...     def _load_from_state_dict(self, state_dict, prefix, *more):
        ...         if prefix + "W" in state_dict:
        ...             state_dict[prefix + "weight"] = state_dict.pop(prefix + "W")
        ...         super()._load_from_state_dict(state_dict, prefix, *more)
        >>> layer = Renamed(2, 1, bias=False)
        >>> layer.load_state_dict({"W": lucid.ones(1, 2)})
        <All keys matched successfully>
        >>> layer.weight.tolist()
        [[1.0, 1.0]]
        """
        given = (local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        for hook in hooks_of(self._state_hooks, "load_state_dict_pre"):
            hook.function(self, state_dict, prefix, *given)
        _load_local(self, state_dict, prefix, *given)

    def get_extra_state(self):
        """Give what else belongs into the state dict; override it together with `set_extra_state`.

        Returns
        -------
        object
            Stored under the key ``"_extra_state"``.

        Raises
        ------
        NotImplementedError
            If the subclass does not override it.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> class Counter(nn.Module):
        ...     count = 3
        ...     def get_extra_state(self):
        ...         return self.count
        ...     def set_extra_state(self, state):
        ...         self.count = state
        >>> dict(Counter().state_dict())
        {'_extra_state': 3}
        """
        raise NotImplementedError(f"{type(self).__name__} has no get_extra_state")

    def set_extra_state(self, state):
        """Take what `get_extra_state` gave; override it together with that.

        Parameters
        ----------
        state : object
            What was stored under the key ``"_extra_state"``.

        Raises
        ------
        NotImplementedError
            If the subclass does not override it.

        Examples
        --------
        See `get_extra_state`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no set_extra_state")
