"""Less memory for more time: forget what a part of the graph saved, and compute it again."""

import weakref
from functools import partial

from lucid import random
from lucid.autograd import enable_grad, is_grad_enabled
from lucid.autograd.mode import state
from lucid.errors import GradError
from lucid.ops.operands import is_tensor

__all__ = ["checkpoint"]


def checkpoint(function, *args, use_reentrant=False, preserve_rng_state=True, **kwargs):
    r"""Call a function so that its steps save nothing, and run it again when backward comes by.

    Backward needs the inputs of most steps, so a chain of :math:`n` steps keeps :math:`n` results.
    Inside a checkpoint only the arguments are kept. If a chain is cut into :math:`\sqrt n`
    checkpoints of :math:`\sqrt n` steps, :math:`2 \sqrt n` results are in memory at a time, for
    one more run of the forward (section 3 of [1]_).

    The graph is that of an ordinary call: gradients of every order, `grad`, hooks and parameters
    that the function uses without being given them work as always.

    Parameters
    ----------
    function : callable
        What to call: a module, or any function that does the same when it is called again.
    *args, **kwargs
        What to call it with.
    use_reentrant : bool, default False
        Only False: PyTorch's older kind of checkpoint is not supported.
    preserve_rng_state : bool, default True
        Run again with the random numbers of the first time, so that dropout drops the same. Only
        the default generator is put back.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    ValueError
        If `use_reentrant` is True.
    GradError
        From backward: if the function did other steps the second time, or an argument was changed
        in place; if backward is called while the function runs.

    Notes
    -----
    Whatever else the function does, it does twice: a batch norm in training mode counts the batch
    twice in its running statistics. What a step keeps beside its inputs and its output, such as the
    positions of a max pooling, stays in memory. After a backward with `retain_graph` the numbers
    stay too. Checkpoints may contain checkpoints.

    References
    ----------
    .. [1] Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost", 2016.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.checkpoint import checkpoint
    >>> def block(x):
    ...     print("running")
    ...     return (x * x).relu().sum()
    >>> x = lucid.tensor([1.0, -2.0], requires_grad=True)
    >>> y = checkpoint(block, x)
    running
    >>> y.backward()
    running
    >>> x.grad
    tensor([ 2., -4.])
    """
    if use_reentrant:
        raise ValueError(
            "checkpoint: use_reentrant=True is not supported; leave it out, the other kind does "
            "all that it does"
        )
    # inside the first run of another checkpoint that one forgets the steps of this one as well
    if not is_grad_enabled() or isinstance(state.recorder, _Region):
        return function(*args, **kwargs)
    region = _Region(function, args, kwargs, preserve_rng_state)
    result = _run(function, args, kwargs, region)
    region.is_open = False
    return result


def _run(function, args, kwargs, recorder):
    """Call the function, handing every node that is recorded to `recorder`."""
    previous, state.recorder = state.recorder, recorder
    try:
        with enable_grad():
            return function(*args, **kwargs)
    finally:
        state.recorder = previous


class _Region:
    """One call of the function; called itself with every node of it, which forgets what it saved.

    A node knows its region, the region its nodes only weakly: dropped results are freed at once.
    """

    def __init__(self, function, args, kwargs, preserve_rng_state):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.tensors = [x for x in (*args, *kwargs.values()) if is_tensor(x)]
        self.versions = [x.version for x in self.tensors]
        self.rng_state = random.get_rng_state() if preserve_rng_state else None
        self.outer = state.recorder  # of the second run of a checkpoint around this one
        self.nodes = []
        self.kinds = []
        self.is_open = True

    def __call__(self, node):
        node.forget(self._is_argument, self.recompute)
        self.nodes.append(weakref.ref(node))
        self.kinds.append(_kind(node))
        if self.outer is not None:
            self.outer(node)

    def _is_argument(self, x):
        return any(x is each for each in self.tensors)

    def recompute(self, asked):
        """Run the function again and give every node what the node in its place has saved."""
        if self.is_open:
            raise GradError(
                "checkpoint: the function calls backward on its own steps before it is done; call "
                "it outside a checkpoint"
            )
        for x, version in zip(self.tensors, self.versions, strict=True):
            if x.version != version:
                raise GradError(
                    f"checkpoint: an argument of shape {x.shape} was changed in place between the "
                    f"first run (version {version}) and backward (version {x.version}); give the "
                    f"function a clone()"
                )
        again = self._run_again()
        for reference, other in zip(self.nodes, again, strict=True):
            node = reference()
            if node is None or node.recompute is None:  # nobody will ask
                continue
            if node is asked or other.recompute is None:
                _refill(node, other)
            else:  # it stands in a checkpoint inside this one, and has forgotten as well
                node.recompute = partial(_refill, other=other)

    def _run_again(self):
        again = []

        def record(node):
            place = len(again)
            self._compare(place, _kind(node))
            again.append(node)

        args = [_detached(x) for x in self.args]
        kwargs = {name: _detached(x) for name, x in self.kwargs.items()}
        before = random.get_rng_state()
        try:
            if self.rng_state is not None:
                random.set_rng_state(self.rng_state)
            _run(self.function, args, kwargs, record)
        finally:
            if self.rng_state is not None:
                random.set_rng_state(before)
        if len(again) < len(self.kinds):
            self._compare(len(again), "the end")
        return again

    def _compare(self, place, kind):
        first = self.kinds[place] if place < len(self.kinds) else "the end"
        if first != kind:
            raise GradError(
                f"checkpoint: the function did something else the second time: step {place} was "
                f"{first}, now it is {kind}; it must do the same steps whenever it is called"
            )


def _kind(node):
    shapes = ", ".join(map(str, node.input_shapes))
    return f"{type(node).__name__} of {shapes}"


def _detached(x):
    """Cut an argument off, so that what the second run does to its graph changes nothing."""
    return x.detach().requires_grad_(x.requires_grad) if is_tensor(x) else x


def _refill(node, other):
    node.remember(other)
    other.release()
