"""What every optimizer shares: the parameters in groups, their state, and the loop over both."""

import math
from collections import defaultdict
from collections.abc import Iterable
from numbers import Real

import numpy as np

from lucid.autograd import enable_grad
from lucid.errors import ShapeError
from lucid.nn.parameter import is_lazy
from lucid.tensor import Tensor

__all__ = ["Optimizer"]


def check_option(name, value, low=0.0, high=math.inf):
    """Refuse an option that is not a number of the interval low <= value < high."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; it must be a number")
    if not low <= value < high:
        below = "" if high == math.inf else f" and below {high:g}"
        raise ValueError(f"{name}={value!r} is out of range; it must be at least {low:g}{below}")


def gradient_of(x):
    """Give the array of a parameter's gradient; refuse one that does not fit the parameter."""
    if not isinstance(x.grad, Tensor):
        raise TypeError(f"the grad of a parameter must be a Tensor, not {type(x.grad).__name__}")
    grad = x.grad.array
    if grad.shape != x.array.shape:  # assigned by hand, or the data were replaced after backward
        raise ShapeError(
            f"a parameter of shape {x.array.shape} has a grad of shape {grad.shape}; they must "
            f"agree: call zero_grad() and backward() once more, or assign a grad that fits"
        )
    return grad


class Optimizer:
    r"""Base class of the optimizers: keeps the parameters and calls a rule on each of them.

    A rule of your own is a subclass with a method `update`; see the example.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize. `model.parameters()` and `model.named_parameters()` will do. With
        dicts, each is a group: its key `"params"` has the tensors, its other keys are options of
        that group alone.
    defaults : dict
        The options, by name, of every group that does not set its own.

    Attributes
    ----------
    param_groups : list of dict
        The groups: the key `"params"` has a list of tensors, the other keys have the options.
        Options may be changed between two steps.
    state : defaultdict
        What the rule remembers of each tensor, as a dict: `state[x]["momentum_buffer"]`.
    defaults : dict
        The options given above.

    Raises
    ------
    TypeError
        If `params` is a single tensor, a set, or has an item that is no tensor.
    ValueError
        If there is no parameter (a generator can be read only once), if a tensor comes twice, if a
        tensor was computed from others, or if an option is out of range.

    Notes
    -----
    A parameter of a lazy layer may be given before it has a shape: it is skipped until it has a
    gradient, and the layer fills in the same object.

    Examples
    --------
    Sign descent, :math:`x \leftarrow x - \eta \operatorname{sign}(g)`, as a rule of one's own:

    >>> import lucid
    >>> import numpy as np
    >>> class SignDescent(lucid.optim.Optimizer):
    ...     def __init__(self, params, lr):
    ...         super().__init__(params, {"lr": lr})
    ...     def update(self, x, grad, state, group):
    ...         x -= group["lr"] * np.sign(grad)
    >>> x = lucid.tensor([3.0, -3.0], requires_grad=True)
    >>> optimizer = SignDescent([x], lr=0.5)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.tolist()
    [2.5, -2.5]
    """

    def __init__(self, params, defaults):
        if isinstance(params, Tensor | set | frozenset):
            kind = type(params).__name__
            raise TypeError(f"params is a {kind}; it must be an iterable in a fixed order: [x]")
        if not isinstance(params, Iterable):
            kind = type(params).__name__
            way = "call it" if callable(params) and "method" in kind else "use model.parameters()"
            raise TypeError(f"params is a {kind}; it must be an iterable of tensors: {way}")
        self.defaults = dict(defaults)
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError(
                "params is empty: the model has no parameters, or a generator was read before; "
                "keep list(model.parameters()) if it is used twice"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group):
        """Take more parameters, as when frozen layers are trained at last.

        Parameters
        ----------
        param_group : dict
            The key `"params"` has a tensor or an iterable of tensors or of (str, Tensor) pairs;
            any option that is missing is that of the optimizer.

        Raises
        ------
        TypeError
            If it is no dict, or an item is no tensor.
        ValueError
            If it has no tensor, a tensor that this optimizer has already, or a tensor that was
            computed from others, or if an option is out of range.

        Examples
        --------
        >>> import lucid
        >>> x, y = lucid.zeros(2, requires_grad=True), lucid.zeros(3, requires_grad=True)
        >>> optimizer = lucid.optim.SGD([x], lr=0.1)
        >>> optimizer.add_param_group({"params": [y], "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"a parameter group is a dict, not a {type(param_group).__name__}")
        if "params" not in param_group:
            raise ValueError(f"a parameter group has a key 'params'; got {list(param_group)}")
        params = param_group["params"]
        items = [params] if isinstance(params, Tensor) else list(params)
        named = [item for item in items if isinstance(item, tuple)]
        if named and len(named) != len(items):
            raise ValueError("name all parameters of a group, or none")
        group = {**self.defaults, **param_group}
        group["params"] = [item[1] for item in named] if named else items
        if named:
            group["param_names"] = [item[0] for item in named]
        self._check_params(group["params"])
        self.check_options(group)
        self.param_groups.append(group)

    def _check_params(self, params):
        """Refuse what cannot be optimized, and what this optimizer has already."""
        if not params:
            raise ValueError("the parameter group is empty: perhaps a generator was read before")
        seen = {id(x) for group in self.param_groups for x in group["params"]}
        for index, x in enumerate(params):
            if not isinstance(x, Tensor):
                raise TypeError(f"parameter {index} is a {type(x).__name__}; it must be a Tensor")
            if x.node is not None:
                raise ValueError(
                    f"parameter {index} was computed from other tensors (it is not a leaf); "
                    f"optimize those, or a copy: x.detach().requires_grad_()"
                )
            if id(x) in seen:
                raise ValueError(f"parameter {index} comes twice; give each tensor to one group")
            seen.add(id(x))

    def check_options(self, group):
        """Raise ValueError or TypeError if an option of `group` is out of range.

        The base class checks nothing.

        Parameters
        ----------
        group : dict
            The options, by name, with `"params"`.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)])
        >>> optimizer.check_options({**optimizer.defaults, "lr": -1})
        Traceback (most recent call last):
        ...
        ValueError: lr=-1 is out of range; it must be at least 0
        """

    def step(self, closure=None):
        """Change every parameter that has a gradient, by the rule of the class.

        Parameters
        ----------
        closure : callable, optional
            Called first, with gradients on; it computes the gradients anew and returns the loss.

        Returns
        -------
        object
            What `closure` returned, or None.

        Raises
        ------
        ShapeError
            If a gradient, or what the rule remembers, has not the shape of its parameter.
        TypeError
            If a gradient is no tensor.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.tensor([4.0], requires_grad=True)
        >>> optimizer = lucid.optim.SGD([x], lr=0.25)
        >>> def loss():
        ...     optimizer.zero_grad()
        ...     y = (x**2).sum()
        ...     y.backward()
        ...     return y
        >>> optimizer.step(loss).item(), x.item()
        (16.0, 2.0)
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for x in group["params"]:
                if x.grad is not None:
                    grad = gradient_of(x)
                    if group.get("maximize"):
                        grad = np.negative(grad)
                    self.update(x.array, grad, self.state[x], group)
                    x.bump()
        return loss

    def update(self, x, grad, state, group):
        """Change one parameter in place: the rule, which every subclass defines.

        Parameters
        ----------
        x : numpy.ndarray
            The elements of the parameter, written in place.
        grad : numpy.ndarray
            The gradient of the loss, of the shape of `x`, or its negative if the group has
            `maximize=True`; only to be read.
        state : dict
            What the rule remembers of this parameter; empty before the first step. It holds
            numbers and tensors.
        group : dict
            The options of the parameter's group.

        Examples
        --------
        See the class.
        """
        raise NotImplementedError(f"{type(self).__name__} has no rule: define update")

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters: `backward` adds to what it finds.

        Parameters
        ----------
        set_to_none : bool, default True
            True: `x.grad` becomes None, and `step` skips `x` until it has a gradient again. False:
            `x.grad` becomes zeros, and `step` sees a gradient of zero.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.tensor([4.0], requires_grad=True)
        >>> optimizer = lucid.optim.SGD([x])
        >>> x.sum().backward()
        >>> optimizer.zero_grad()
        >>> print(x.grad)
        None
        """
        for group in self.param_groups:
            for x in group["params"]:
                if set_to_none or x.grad is None:
                    x.grad = None
                elif x.grad.node is not None:
                    x.grad = x.wrap(np.zeros_like(x.grad.array))
                else:
                    x.grad.array[...] = 0
                    x.grad.bump()

    def state_dict(self):
        """Return what is needed to go on later: options and state, parameters as numbers.

        Returns
        -------
        dict
            `"state"`: for each parameter's number, what the rule remembers of it. `"param_groups"`:
            the groups, with the numbers of the parameters in `"params"`. Parameters are numbered
            0, 1, ... through all groups. The tensors are those of the optimizer, not copies.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2, requires_grad=True)
        >>> state = lucid.optim.SGD([x], lr=0.1).state_dict()
        >>> state["state"], state["param_groups"][0]["params"], state["param_groups"][0]["lr"]
        ({}, [0], 0.1)
        """
        numbers = {id(x): number for number, x in enumerate(self._params())}
        groups = [
            {**group, "params": [numbers[id(x)] for x in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(x)]: dict(values) for x, values in self.state.items() if values}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Go on from where another optimizer of the same parameters stood.

        Parameters
        ----------
        state_dict : dict
            From `state_dict`, perhaps through `lucid.save` and `lucid.load`. The options in it
            replace those of the groups. Tensors are copied, in the data type of the parameter.

        Raises
        ------
        ValueError
            If the number of groups, or of parameters in a group, or the shape of a tensor differs;
            nothing has changed then.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2, requires_grad=True)
        >>> old, new = lucid.optim.SGD([x], lr=0.1), lucid.optim.SGD([x], lr=0.5)
        >>> new.load_state_dict(old.state_dict())
        >>> new.param_groups[0]["lr"]
        0.1
        """
        groups = state_dict["param_groups"]
        counts = [len(group["params"]) for group in groups]
        own_counts = [len(group["params"]) for group in self.param_groups]
        if counts != own_counts:
            raise ValueError(
                f"the state has groups of {counts} parameters, this optimizer has {own_counts}; "
                f"build it with the same groups first"
            )
        numbers = [number for group in groups for number in group["params"]]
        params = dict(zip(numbers, self._params(), strict=True))
        state = {
            params[number]: {name: self.adopt(name, value, params[number], number)
                             for name, value in values.items()}
            for number, values in state_dict["state"].items()
        }
        merged = [
            {**own, **group, "params": own["params"]}
            for own, group in zip(self.param_groups, groups, strict=True)
        ]
        for group in merged:
            self.check_options(group)
        self.state, self.param_groups = defaultdict(dict, state), merged

    def adopt(self, name, value, x, number):
        """Copy one loaded value of a parameter's state, a tensor in the parameter's data type.

        Parameters
        ----------
        name : str
            Its name in the state.
        value : object
            What the state dict has; a tensor or a numpy.ndarray is copied.
        x : Tensor
            The parameter.
        number : int
            Its number, for messages.

        Returns
        -------
        object
            What the state is to hold.

        Raises
        ------
        ValueError
            If a tensor is not of the shape of the parameter.

        Examples
        --------
        >>> import numpy as np
        >>> import lucid
        >>> x = lucid.zeros(2, requires_grad=True)
        >>> lucid.optim.SGD([x]).adopt("momentum_buffer", np.ones(2), x, 0)
        tensor([1., 1.])
        """
        if not isinstance(value, Tensor | np.ndarray):
            return value
        array = value.array if isinstance(value, Tensor) else value
        if name in ("step", "mu_product"):  # PyTorch keeps these numbers in tensors
            return array.item() if name == "mu_product" else int(array)
        if not is_lazy(x) and array.shape != x.shape:
            raise ValueError(
                f"{name} of parameter {number} is {array.shape}, but that is {x.shape}"
            )
        return Tensor(array.astype(x.dtype.numpy))

    def _params(self):
        """List the parameters of all groups."""
        return [x for group in self.param_groups for x in group["params"]]

    def __repr__(self):
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])
