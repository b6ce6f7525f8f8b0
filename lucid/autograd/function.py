"""One differentiable step, and the node that remembers it."""

from lucid.autograd.mode import state
from lucid.errors import DtypeError, GradError

__all__ = ["Function"]


class Handle:
    """What registering a hook returns."""

    def __init__(self, hooks, hook):
        self.hooks, self.key = hooks, object()
        hooks[self.key] = hook

    def remove(self):
        """Forget the hook; more than once does no harm."""
        self.hooks.pop(self.key, None)


def add_hook(edge, hook):
    """Call ``hook(gradient)`` when the walk has the whole gradient of a node or a leaf."""
    if edge.hooks is None:
        edge.hooks = {}
    return Handle(edge.hooks, hook)


def other_factor(self, wants_a, wants_b, *wants_more):
    """The `reads` of a product: a gradient reads the factor beside the one that wants it."""
    return (wants_b, wants_a) + (False,) * len(wants_more)


class Function:
    """A differentiable step: subclass it, with forward and backward side by side.

    An instance is one step, used once: calling it with tensors computes the result, and if a
    gradient may be wanted the instance stays behind the result as the node of the graph.

    Attributes
    ----------
    keeps_inputs : bool
        Class attribute, default True: `backward` reads `inputs`. Say False where it does not, and
        their memory is free sooner.
    computes : bool
        Class attribute, default True: numbers are computed, not only moved or converted. A step
        that computes refuses float16, which is for storage.
    reads : method or None
        Where an input is not read if another one wants no gradient: ``reads(*wanted)``, given for
        each input whether it wants one, tells for each whether `backward` reads it. A product reads
        only the factor beside the one that wants a gradient; what is not read is None in `inputs`.
        Not called if all inputs want a gradient.
    keeps_output : bool
        Class attribute, default False: `backward` reads `output`.
    needs : tuple of bool
        In `backward`: which inputs want a gradient. None may be returned for the others.
    input_shapes : tuple of tuple of int
        In `backward`: the shapes of the inputs.

    Raises
    ------
    TypeError
        When a class is defined with a static `forward` or `backward`, as in PyTorch.
    GradError
        When an instance is called a second time; from `backward` (the walk), when a saved tensor
        was changed in place, or a returned gradient has not the shape and type of its input.

    Notes
    -----
    Options that are not tensors, such as an axis, go to ``__init__``. The result is one array; for
    several results make several steps. A result that is not floating-point has no
    gradient, and `backward` is not called.

    `backward` gets a tensor and computes with tensors, so it is recorded like any other step when
    `create_graph` asks for it: that is all there is to second derivatives.

    Examples
    --------
    >>> import lucid
    >>> class Cube(lucid.autograd.Function):
    ...     def forward(self, x):
    ...         return x**3
    ...     def backward(self, grad_y):
    ...         (x,) = self.inputs
    ...         return grad_y * 3 * x * x
    >>> x = lucid.tensor([1.0, 2.0], requires_grad=True)
    >>> Cube()(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """

    keeps_inputs = True
    keeps_output = False
    reads = None
    computes = True

    edges = ()  # for each input the node behind it, the leaf itself, or None
    tracked = ()  # for each input whether a gradient flows to it
    needs = ()
    hooks = None
    retained = None  # weak reference to a tensor that keeps its gradient
    recompute = None  # set by `forget`: brings back what was saved
    _inputs = None
    _output = None
    _kept = None  # what `forget` left of the inputs

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        for name in ("forward", "backward"):
            if isinstance(vars(cls).get(name), staticmethod):
                raise TypeError(
                    f"{cls.__name__}.{name} is a static method, as in PyTorch; here a step is an "
                    f"object: write def forward(self, x) for arrays, def backward(self, grad_y) "
                    f"for tensors, with self.inputs instead of ctx.saved_tensors and options in "
                    f"__init__; call {cls.__name__}()(x) instead of {cls.__name__}.apply(x)"
                )

    def forward(self, *arrays):
        """Compute the result: arrays in, one array out.

        Parameters
        ----------
        *arrays : numpy.ndarray
            The elements of the inputs; not to be written.

        Returns
        -------
        numpy.ndarray
            The result, of any shape and type; it may share memory with an input.

        Raises
        ------
        NotImplementedError
            If the class has none.

        Examples
        --------
        >>> import lucid
        >>> class Cube(lucid.autograd.Function):
        ...     def forward(self, x):
        ...         return x**3
        >>> Cube()(lucid.tensor([2.0]))
        tensor([8.])
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, grad_y):
        """Compute the gradients of the inputs: a tensor in, one tensor or None for each input.

        Parameters
        ----------
        grad_y : Tensor
            The gradient with respect to the result, of its shape and type; not to be written.

        Returns
        -------
        Tensor, or tuple of Tensor or None
            For each input the gradient, of its shape and type; None where there is none, or where
            `needs` wants none. With one input the tensor itself will do.

        Raises
        ------
        NotImplementedError
            If the class has none.

        Examples
        --------
        See the class.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def __call__(self, *inputs):
        """Run `forward` on the arrays of the inputs, and record the step if it may be wanted."""
        if self.edges:
            raise GradError(
                f"this {type(self).__name__} was used already: an instance is one step of one "
                f"graph; make a new one, {type(self).__name__}(...)(x)"
            )
        arrays, is_wanted = [], False
        if not inputs:
            raise TypeError(f"{type(self).__name__} needs at least one tensor: none was given")
        try:
            for x in inputs:
                arrays.append(x.array)
                if x._requires_grad:
                    is_wanted = True
        except AttributeError:
            kinds = ", ".join([type(x).__name__ for x in inputs])
            raise TypeError(
                f"{type(self).__name__} needs tensors, not ({kinds}); options that are not "
                f"tensors go to its constructor"
            ) from None
        if arrays[0].itemsize == 2 and self.computes:  # of all types only float16 has 2 bytes
            raise DtypeError(
                f"{type(self).__name__}: float16 is for storage, not for computing; call "
                f"x.float() first, and .half() on the result"
            )
        array = self.forward(*arrays)
        if is_wanted and state.enabled:
            return self._record(inputs, array)
        return inputs[0].wrap(array)

    def _record(self, inputs, array):
        y = inputs[0].wrap(array, self)
        self.result_dtype = y.array.dtype
        if self.result_dtype.kind != "f":  # only floating-point results have gradients
            return inputs[0].wrap(y.array)
        edges, tracked, shapes = [], [], []
        for x in inputs:
            edges.append(x.node or (x if x._requires_grad else None))
            tracked.append(x._requires_grad)
            shapes.append(x.array.shape)
        self.edges, self.tracked, self.input_shapes = tuple(edges), tuple(tracked), tuple(shapes)
        if self.keeps_inputs:
            versions = []
            for x in inputs:
                versions.append(x.counter[0])
            if self.reads is not None and None in edges:
                inputs = list(inputs)
                for position, is_read in enumerate(self.reads(*tracked)):
                    if not is_read:
                        inputs[position] = versions[position] = None
            self._inputs, self._versions = tuple(inputs), versions
        if self.keeps_output:
            self._output = y.wrap(y.array)  # without the node, which would close a circle
            self._output_version = y.counter[0]
        if state.recorder is not None:
            state.recorder(self)
        return y

    @property
    def inputs(self):
        """The tensors that the step was called with.

        Returns
        -------
        tuple of Tensor
            None in place of one that `reads` says is not read.

        Examples
        --------
        >>> import lucid
        >>> class Cube(lucid.autograd.Function):
        ...     def forward(self, x):
        ...         return x**3
        ...     def backward(self, grad_y):
        ...         (x,) = self.inputs
        ...         return grad_y * 3 * x * x
        >>> x = lucid.tensor([2.0], requires_grad=True)
        >>> y = Cube()(x)
        >>> y.node.inputs[0] is x
        True
        """
        if self._inputs is None:
            self._fetch("inputs", self.keeps_inputs)
        for position, (x, version) in enumerate(zip(self._inputs, self._versions, strict=True)):
            if x is not None and x.counter[0] != version:
                self._refuse_change(f"its input {position}", x, version)
        return self._inputs

    @property
    def output(self):
        """The tensor that the step computed, tied to this node.

        Kept if the class says ``keeps_output = True``.

        Returns
        -------
        Tensor

        Examples
        --------
        >>> import lucid
        >>> import numpy as np
        >>> class Exp(lucid.autograd.Function):
        ...     keeps_inputs, keeps_output = False, True
        ...     def forward(self, x):
        ...         return np.exp(x)
        ...     def backward(self, grad_y):
        ...         return grad_y * self.output
        >>> x = lucid.zeros(1, requires_grad=True)
        >>> Exp()(x).backward()
        >>> x.grad
        tensor([1.])
        """
        if self._output is None:
            self._fetch("output", self.keeps_output)
        if self._output.counter[0] != self._output_version:
            self._refuse_change("its output", self._output, self._output_version)
        return self._output.wrap(self._output.array, self)

    def _refuse_change(self, what, x, version):
        raise GradError(
            f"{type(self).__name__}.backward needs {what}, of shape {x.array.shape}, as it was at "
            f"version {version}, but it was changed in place and is at version {x.counter[0]}; "
            f"use the operation that makes a new tensor, or change a clone()"
        )

    def _fetch(self, what, is_kept):
        name = type(self).__name__
        if not is_kept:
            raise GradError(f"{name}.backward reads {what}: say keeps_{what} = True in the class")
        if self.recompute is None:
            raise GradError(
                f"{name} was walked backward already and its saved tensors are "
                f"freed; say retain_graph=True the first time to walk it again"
            )
        self.recompute(self)

    def holds(self, x):
        """Tell whether a tensor that `backward` returned is kept here, so not to be written."""
        array = x.array
        for kept in self._inputs or ():
            if kept is not None and kept.array is array:
                return True
        for value in self.__dict__.values():
            if value is x or value is array:
                return True
        return False

    def saved(self):
        """List the tensors that are kept for backward: the inputs, the output, both or none."""
        return [x for x in (*(self._inputs or ()), self._output) if x is not None]

    def release(self):
        """Free what backward needed."""
        self._inputs = self._output = self._kept = self.recompute = None

    def forget(self, is_kept, recompute):
        """Free what backward needs, but for leaves and what ``is_kept(x)`` holds for.

        ``recompute(self)`` is called when backward asks for it: it runs the step again as another
        node and hands that to `remember`.
        """
        if self._inputs is not None:
            self._kept = [
                x if edge is x or is_kept(x) else None
                for x, edge in zip(self._inputs, self.edges, strict=True)
            ]
        self._inputs = self._output = None
        self.recompute = recompute

    def remember(self, other):
        """Take what another node saved, the same step run again, and tie it to this graph."""
        if self.keeps_inputs:
            inputs = list(self._kept)
            for position, (x, edge) in enumerate(zip(other.inputs, self.edges, strict=True)):
                if inputs[position] is None and x is not None:
                    inputs[position] = x.wrap(x.array, edge)
                    self._versions[position] = x.counter[0]
            self._inputs = tuple(inputs)
        if self.keeps_output:
            y = other.output
            self._output = y.wrap(y.array)
            self._output_version = self._output.counter[0]
