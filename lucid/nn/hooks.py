"""Functions that a module calls at certain moments, and the handle that takes one off again."""

import math
import warnings
from typing import NamedTuple

import numpy as np

from lucid.autograd import Function, Handle, is_grad_enabled
from lucid.tensor import Tensor

__all__ = ["RemovableHandle"]


class Hook(NamedTuple):
    """A function to call, and when; a module keeps its hooks in the order of calls."""

    moment: str
    function: object
    with_kwargs: bool = False
    always_call: bool = False


class RemovableHandle(Handle):
    """What registering a hook gives back: `remove`, or the end of a with, takes the hook off.

    Parameters
    ----------
    hooks : dict
        Where the hook is put, last.
    hook : Hook
        What to call.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Identity()
    >>> with layer.register_forward_hook(lambda module, args, y: y + 1):
    ...     layer(lucid.zeros(2))
    tensor([1., 1.])
    >>> layer(lucid.zeros(2))
    tensor([0., 0.])
    """

    def remove(self):
        """Forget the hook; more than once does no harm.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_forward_hook(lambda module, args, y: y + 1)
        >>> handle.remove()
        >>> layer(lucid.zeros(2))
        tensor([0., 0.])
        """
        super().remove()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()


def _add(hooks, hook, prepend=False):
    """Put `hook` after the others, or before them, and return its handle."""
    if not callable(hook.function):
        raise TypeError(
            f"a {hook.moment} hook must be a function, not a {type(hook.function).__name__}"
        )
    handle = RemovableHandle(hooks, hook)
    if prepend:
        for key in list(hooks)[:-1]:
            hooks[key] = hooks.pop(key)
    return handle


def hooks_of(hooks, moment):
    """List the hooks of one moment; the list may be walked while hooks come and go."""
    return [hook for hook in hooks.values() if hook.moment == moment]


def _call(module, args, kwargs):
    """Call forward with everything that was registered around it."""
    waiting = hooks_of(module._call_hooks, "forward")
    try:
        args, kwargs = _before(module, args, kwargs)
        for hook in hooks_of(module._call_hooks, "initialize"):
            hook.function(module, args, kwargs)
        watch = _BackwardWatch.of(module)
        if watch is not None:
            args = watch.inputs(args)
        result = module.forward(*args, **kwargs)
        while waiting:
            result = _after(waiting.pop(0), module, args, kwargs, result)
    except BaseException:
        for hook in waiting:
            if hook.always_call:
                _after_failure(hook, module, args, kwargs)
        raise
    return result if watch is None else watch.outputs(result)


def _before(module, args, kwargs):
    for hook in hooks_of(module._call_hooks, "forward_pre"):
        if hook.with_kwargs:
            changed = hook.function(module, args, kwargs)
            if changed is not None:
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(
                        f"a forward pre-hook with kwargs must return None or a pair "
                        f"(args, kwargs), got {changed!r}"
                    )
                args, kwargs = changed
        else:
            changed = hook.function(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    return args, kwargs


def _after(hook, module, args, kwargs, result):
    given = (args, kwargs) if hook.with_kwargs else (args,)
    changed = hook.function(module, *given, result)
    return result if changed is None else changed


def _after_failure(hook, module, args, kwargs):
    try:
        _after(hook, module, args, kwargs, None)
    except Exception as error:
        warnings.warn(f"a forward hook failed after the forward did: {error}", stacklevel=4)


class _Joint(Function):
    """Lay arrays end to end: their gradients then arrive together, and `react` may change them."""

    keeps_inputs = False

    def __init__(self, react):
        self.react = react

    def forward(self, *arrays):
        self.like = [(array.shape, array.dtype) for array in arrays]
        return np.concatenate([array.reshape(-1) for array in arrays])

    def backward(self, grad_y):
        return self.react(tuple(_cut(grad_y, self.like)))


def _cut(flat, like):
    """Yield the tensors, of the given shapes and types, that lie end to end in `flat`."""
    start = 0
    for shape, dtype in like:
        stop = start + math.prod(shape)
        yield flat[start:stop].reshape(shape).to(dtype=dtype)
        start = stop


class _BackwardWatch:
    """One call of a module whose backward is watched.

    Inputs and outputs pass through a `_Joint` each. In backward the outputs' joint is reached when
    all their gradients are there, and the inputs' joint when the module is done.
    """

    def __init__(self, module):
        self.module = module
        self.places = []  # of the inputs that require a gradient
        self.count = 0
        self.grad_output = None

    @classmethod
    def of(cls, module):
        """Make one if there are hooks that could be called."""
        moments = {hook.moment for hook in module._call_hooks.values()}
        if is_grad_enabled() and moments & {"full_backward", "full_backward_pre"}:
            return cls(module)
        return None

    def inputs(self, args):
        self.count = len(args)
        args, self.places = _join(args, self._input_gradients)
        return tuple(args)

    def outputs(self, result):
        if isinstance(result, Tensor):
            return _join([result], self._output_gradients)[0][0]
        if isinstance(result, (tuple, list)):
            return type(result)(_join(result, self._output_gradients)[0])
        return result

    def _output_gradients(self, gradients):
        for hook in hooks_of(self.module._call_hooks, "full_backward_pre"):
            changed = hook.function(self.module, gradients)
            gradients = gradients if changed is None else _as_gradients(changed, len(gradients))
        self.grad_output = gradients
        if not self.places:
            self._call_hooks((None,) * self.count)
        return gradients

    def _input_gradients(self, gradients):
        whole = [None] * self.count
        for place, gradient in zip(self.places, gradients, strict=True):
            whole[place] = gradient
        whole = self._call_hooks(tuple(whole))
        return tuple(whole[place] for place in self.places)

    def _call_hooks(self, grad_input):
        for hook in hooks_of(self.module._call_hooks, "full_backward"):
            changed = hook.function(self.module, grad_input, self.grad_output)
            grad_input = grad_input if changed is None else _as_gradients(changed, self.count)
        return grad_input


def _join(values, react):
    """Lead those of `values` that require a gradient through one joint, and tell their places."""
    values = list(values)
    places = [
        place
        for place, value in enumerate(values)
        if isinstance(value, Tensor) and value.requires_grad
    ]
    if places:
        tensors = [values[place] for place in places]
        joint = _Joint(react)
        flat = joint(*tensors)
        for place, piece in zip(places, _cut(flat, joint.like), strict=True):
            values[place] = piece
    return values, places


def _as_gradients(changed, count):
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != count:
        raise RuntimeError(f"a backward hook returned {len(changed)} gradients, expected {count}")
    return changed


class HasHooks:
    """What a module does about hooks: the part of `Module` that registers and calls them."""

    def _call_hooked(self, args, kwargs):
        return _call(self, args, kwargs)

    def _hook(self, hooks, moment, function, prepend=False, with_kwargs=False, always_call=False):
        return _add(hooks, Hook(moment, function, with_kwargs, always_call), prepend)

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call a function before every forward.

        Parameters
        ----------
        hook : callable
            ``hook(module, args)`` gives None or other arguments; with kwargs
            ``hook(module, args, kwargs)`` gives None or a pair of both.
        prepend : bool, default False
            Call it before the hooks that are there.
        with_kwargs : bool, default False
            Whether it gets the keyword arguments.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
        >>> layer(lucid.ones(2))
        tensor([2., 2.])
        """
        return self._hook(self._call_hooks, "forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook, *, prepend=False, with_kwargs=False, always_call=False
    ):
        """Call a function after every forward.

        Parameters
        ----------
        hook : callable
            ``hook(module, args, output)``, or ``hook(module, args, kwargs, output)``, gives None
            or another output.
        prepend : bool, default False
            Call it before the hooks that are there.
        with_kwargs : bool, default False
            Whether it gets the keyword arguments.
        always_call : bool, default False
            Call it, with None for the output, also when forward raises.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_forward_hook(lambda module, args, y: print(y.shape))
        >>> y = layer(lucid.ones(2))
        (2,)
        """
        return self._hook(
            self._call_hooks, "forward", hook, prepend, with_kwargs, always_call
        )

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call a function when the gradients of the outputs are there.

        Parameters
        ----------
        hook : callable
            ``hook(module, grad_output)`` gets a tuple and gives None or other gradients.
        prepend : bool, default False
            Call it before the hooks that are there.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Notes
        -----
        See `register_full_backward_hook`.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_full_backward_pre_hook(lambda module, grads: (grads[0] * 3,))
        >>> x = lucid.ones(2, requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([3., 3.])
        """
        return self._hook(self._call_hooks, "full_backward_pre", hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call a function when the gradients of the inputs are there.

        Parameters
        ----------
        hook : callable
            ``hook(module, grad_input, grad_output)`` gets two tuples, one entry for each
            positional input (None where it has no gradient) and each output, and gives None or
            other gradients of the inputs.
        prepend : bool, default False
            Call it before the hooks that are there.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Notes
        -----
        The inputs and outputs of such a module pass through one more step each, which copies them.
        Where the outputs are a tuple or a list, an output that was not used has a gradient of
        zeros. Outputs of other types (a dict) are not watched.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_full_backward_hook(
        ...     lambda module, grad_input, grad_output: print(grad_input)
        ... )
        >>> layer(lucid.ones(2, requires_grad=True)).sum().backward()
        (tensor([1., 1.]),)
        """
        return self._hook(self._call_hooks, "full_backward", hook, prepend)

    def register_state_dict_pre_hook(self, hook):
        """Call a function before `state_dict` collects the module's entries.

        Parameters
        ----------
        hook : callable
            ``hook(module, prefix, keep_vars)``.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Identity()
        >>> handle = layer.register_state_dict_pre_hook(lambda *args: print("saving"))
        >>> layer.state_dict()
        saving
        OrderedDict()
        """
        return self._hook(self._state_hooks, "state_dict_pre", hook)

    def register_state_dict_post_hook(self, hook):
        """Call a function after `state_dict` collected the entries of the module and its children.

        Parameters
        ----------
        hook : callable
            ``hook(module, state_dict, prefix, local_metadata)`` may change the dict; the last
            argument is an empty dict, which PyTorch fills.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.ParameterList([lucid.zeros(2)])
        >>> handle = layer.register_state_dict_post_hook(lambda m, state, *_: state.pop("0"))
        >>> layer.state_dict()
        OrderedDict()
        """
        return self._hook(self._state_hooks, "state_dict", hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Call a function before `load_state_dict` looks at the module's entries.

        Parameters
        ----------
        hook : callable
            ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
            unexpected_keys, error_msgs)`` may change the dict, which is a copy, to rename keys.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.ParameterList([lucid.zeros(2)])
        >>> def rename(module, state_dict, prefix, *args):
        ...     state_dict[prefix + "0"] = state_dict.pop(prefix + "old")
        >>> handle = layer.register_load_state_dict_pre_hook(rename)
        >>> layer.load_state_dict({"old": lucid.ones(2)})
        <All keys matched successfully>
        """
        return self._hook(self._state_hooks, "load_state_dict_pre", hook)

    def register_load_state_dict_post_hook(self, hook):
        """Call a function after `load_state_dict` wrote.

        Parameters
        ----------
        hook : callable
            ``hook(module, incompatible_keys)`` may take keys out of the lists, which are then no
            error, or put some in.

        Returns
        -------
        RemovableHandle
            Its `remove` takes the hook off.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.ParameterList([lucid.zeros(2)])
        >>> handle = layer.register_load_state_dict_post_hook(
        ...     lambda module, keys: keys.missing_keys.clear()
        ... )
        >>> layer.load_state_dict({})
        <All keys matched successfully>
        """
        return self._hook(self._state_hooks, "load_state_dict_post", hook)
