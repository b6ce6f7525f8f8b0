"""The base of every layer and every model: a tree of modules with named parameters and buffers."""

from itertools import chain

from lucid.device import as_device
from lucid.dtypes import as_dtype, dtype as dtype_class, float32, float64
from lucid.errors import DtypeError, LucidError
from lucid.nn.hooks import HasHooks
from lucid.nn.parameter import Buffer, Parameter, cast_, is_lazy
from lucid.nn.state import HasState
from lucid.tensor import Tensor

__all__ = ["Module"]

_WHAT = {"_parameters": "parameter", "_buffers": "buffer", "_modules": "child module"}


class Module(HasHooks, HasState):
    """Base class of layers and models.

    A subclass makes its parts in `__init__`, after ``super().__init__()``, and uses them in
    `forward`. What is assigned to an attribute is found by its class: a `Parameter` is learnt, a
    `Buffer` is kept, a `Module` is a child with parts of its own. A model is called like a
    function.

    Attributes
    ----------
    training : bool
        Whether the module is in training mode, as `train` and `eval` set it.

    Notes
    -----
    A call adds nothing to `forward` but the place of an error: a `LucidError` that leaves a model
    says the dotted name of the layer it came from. Hooks are looked at only if there are some.
    A module cannot be its own descendant.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = nn.Parameter(lucid.tensor(2.0))
    ...         self.start = nn.Parameter(lucid.tensor(1.0))
    ...     def forward(self, x):
    ...         return self.slope * x + self.start
    >>> line = Line()
    >>> [name for name, parameter in line.named_parameters()]
    ['slope', 'start']
    >>> line(lucid.tensor([0.0, 3.0])).tolist()
    [1.0, 7.0]
    """

    def __init__(self):
        self._parameters = {}
        self._buffers = {}
        self._modules = {}
        self._transient_buffers = set()  # names of those that are no part of the state dict
        self._call_hooks = {}
        self._state_hooks = {}
        self.training = True

    def forward(self, *args, **kwargs):
        """Compute the output; every subclass has its own.

        Parameters
        ----------
        *args, **kwargs
            What the module was called with.

        Returns
        -------
        Tensor
            Whatever the subclass computes.

        Raises
        ------
        NotImplementedError
            If the subclass has none.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Module()(lucid.zeros(2))
        Traceback (most recent call last):
        ...
        NotImplementedError: Module has no forward: define forward(self, x) in the class
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no forward: define forward(self, x) in the class"
        )

    def __call__(self, *args, **kwargs):
        try:
            if self._call_hooks:
                return self._call_hooked(args, kwargs)
            return self.forward(*args, **kwargs)
        except LucidError as error:
            inner = error.module
            names = [n for n, module in self.named_modules() if module is inner]
            error.pass_through(self, names[0] if names else "")
            raise

    # --- attributes

    def __getattr__(self, name):
        kind = self._kind_of(name)
        if kind is None:
            class_name = type(self).__name__
            if "_state_hooks" not in self.__dict__:
                raise AttributeError(
                    f"{class_name}.{name} was used before Module.__init__() call: begin "
                    f"{class_name}.__init__ with super().__init__()"
                )
            message = f"'{class_name}' object has no attribute '{name}'"
            raise AttributeError(message, name=name, obj=self)  # so that Python suggests another
        value = self.__dict__[kind][name]
        if is_lazy(value):
            return None
        # Python comes here only for what __dict__ has not: from now on it has, and is 10 times
        # faster. The tables stay the truth; who changes them takes the name out of __dict__.
        self.__dict__[name] = value
        return value

    def __setattr__(self, name, value):
        kind = self._kind_of(name)
        if isinstance(value, Parameter):
            self._forget(name, "_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module) and kind != "_parameters":
            self._forget(name, "_modules")
            self.register_module(name, value)
        elif isinstance(value, Buffer) and kind in (None, "_buffers"):
            self._forget(name, "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif kind is None:
            object.__setattr__(self, name, value)
        elif value is None or (kind == "_buffers" and isinstance(value, Tensor)):
            self._put(kind, name, value)
        else:
            needed = {"_parameters": "Parameter", "_buffers": "Tensor", "_modules": "Module"}[kind]
            raise TypeError(
                f"cannot assign '{type(value).__name__}' as {_WHAT[kind]} '{name}' "
                f"({needed} or None expected)"
            )

    def __delattr__(self, name):
        if self._kind_of(name) is None:
            object.__delattr__(self, name)
        else:
            self._forget(name)

    def __dir__(self):
        names = chain(super().__dir__(), *[getattr(self, table) for table in _WHAT])
        return sorted({name for name in names if not name[0].isdigit()})

    def _kind_of(self, name):
        """Find the table in which `name` is; None if in none."""
        for kind in _WHAT:
            if name in self.__dict__.get(kind, ()):
                return kind
        return None

    def _put(self, kind, name, value):
        self.__dict__.pop(name, None)
        self.__dict__[kind][name] = value

    def _forget(self, name, but=None):
        """Take `name` out of every table but one."""
        for kind in _WHAT:
            if kind != but:
                getattr(self, kind).pop(name, None)
        self._transient_buffers.discard(name)
        self.__dict__.pop(name, None)

    def _register(self, kind, name, value, needed):
        what = _WHAT[kind]
        table = getattr(self, kind)
        if not isinstance(name, str):
            raise TypeError(f"the name of a {what} must be a str, not {type(name).__name__}")
        if "." in name:
            raise KeyError(f"the name of a {what} can't contain \".\", got {name!r}")
        if name == "":
            raise KeyError(f"the name of a {what} can't be empty string")
        if name not in table and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists; choose another name")
        if value is not None and not isinstance(value, needed):
            raise TypeError(
                f"cannot assign '{type(value).__name__}' object to {what} '{name}' "
                f"({needed.__name__} or None required)"
            )
        self._put(kind, name, value)

    # --- what belongs to the module

    def register_parameter(self, name, param):
        """Add a parameter, as assigning it to an attribute does.

        Parameters
        ----------
        name : str
            Its name; no dot in it.
        param : Parameter or None
            None says that there is none: it is skipped everywhere.

        Raises
        ------
        KeyError
            If the name has a dot, is empty, or is taken by something else.
        TypeError
            If `param` is neither, or the name is no str.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Module()
        >>> layer.register_parameter("bias", None)
        >>> print(layer.bias, list(layer.parameters()))
        None []
        """
        self._register("_parameters", name, param, Parameter)

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that is kept but not learnt.

        Parameters
        ----------
        name : str
            Its name; no dot in it.
        tensor : Tensor or None
            None says that there is none: it is skipped everywhere.
        persistent : bool, default True
            Whether it is part of the state dict.

        Raises
        ------
        KeyError
            If the name has a dot, is empty, or is taken by something else.
        TypeError
            If `tensor` is neither, or the name is no str.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Module()
        >>> layer.register_buffer("mean", lucid.zeros(2), persistent=False)
        >>> layer.mean, len(layer.state_dict())
        (tensor([0., 0.]), 0)
        """
        self._register("_buffers", name, tensor, Tensor)
        if persistent:
            self._transient_buffers.discard(name)
        else:
            self._transient_buffers.add(name)

    def register_module(self, name, module):
        """Add a child, as assigning it to an attribute does.

        Parameters
        ----------
        name : str
            Its name; no dot in it.
        module : Module or None
            None says that there is none: it is skipped everywhere.

        Raises
        ------
        KeyError
            If the name has a dot, is empty, or is taken by something else.
        TypeError
            If `module` is neither, or the name is no str.
        ValueError
            If the module would then contain itself.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> model = nn.Module()
        >>> model.register_module("0", nn.Identity())
        >>> model
        Module(
          (0): Identity()
        )
        """
        if isinstance(module, Module) and any(each is self for each in module.modules()):
            raise ValueError(
                f"'{name}': a {type(self).__name__} cannot contain itself; keep what is no child "
                f"in a tuple: self.{name} = (module,)"
            )
        self._register("_modules", name, module, Module)

    def add_module(self, name, module):
        """Add a child; the older name of `register_module`.

        Parameters
        ----------
        name : str
            Its name; no dot in it.
        module : Module or None
            The child.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> model = nn.Module()
        >>> model.add_module("first", nn.Identity())
        >>> model.first
        Identity()
        """
        self.register_module(name, module)

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Walk the tree: the module itself, then its children, each before its own children.

        Parameters
        ----------
        memo : set of Module, optional
            Modules to leave out; those that were met are added.
        prefix : str, default ""
            Put before every name, with a dot.
        remove_duplicate : bool, default True
            Whether a module that is used in two places is given once.

        Yields
        ------
        tuple of (str, Module)
            Its dotted name, empty for the module itself, and the module.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> model = nn.Sequential(nn.Identity(), nn.Sequential(nn.Identity()))
        >>> [name for name, module in model.named_modules()]
        ['', '0', '1', '1.0']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, path, remove_duplicate)

    def modules(self):
        """Walk the tree as `named_modules` does, without the names.

        Yields
        ------
        Module
            Each once.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> shared = nn.Identity()
        >>> len(list(nn.Sequential(shared, shared).modules()))
        2
        """
        for _, module in self.named_modules():
            yield module

    def named_children(self):
        """Give the modules right below this one.

        Yields
        ------
        tuple of (str, Module)
            Its name and the module, each module once.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> dict(nn.Sequential(nn.Identity()).named_children())
        {'0': Identity()}
        """
        seen = {None}
        for name, child in self._modules.items():
            if child not in seen:
                seen.add(child)
                yield name, child

    def children(self):
        """Give the modules right below this one, without the names.

        Yields
        ------
        Module
            Each once.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> list(nn.Sequential(nn.Identity()).children())
        [Identity()]
        """
        for _, child in self.named_children():
            yield child

    def _named(self, kind, prefix, recurse, remove_duplicate):
        seen = set()
        owners = [(prefix, self)]
        if recurse:
            owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in owners:
            for name, value in getattr(module, kind).items():
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Give what is learnt, by dotted name.

        Parameters
        ----------
        prefix : str, default ""
            Put before every name, with a dot.
        recurse : bool, default True
            Whether those of the children are given too.
        remove_duplicate : bool, default True
            Whether a parameter that is used in two places is given once.

        Yields
        ------
        tuple of (str, Parameter)
            A lazy layer's placeholders too.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> model = nn.Sequential(nn.ParameterList([lucid.zeros(2)]))
        >>> [name for name, parameter in model.named_parameters()]
        ['0.0']
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Give what is learnt, for an optimizer.

        Parameters
        ----------
        recurse : bool, default True
            Whether those of the children are given too.

        Yields
        ------
        Parameter
            Each once; a lazy layer's placeholders too.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> [p.shape for p in nn.ParameterList([lucid.zeros(2)]).parameters()]
        [(2,)]
        """
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Give what is kept but not learnt, by dotted name.

        Parameters
        ----------
        prefix : str, default ""
            Put before every name, with a dot.
        recurse : bool, default True
            Whether those of the children are given too.
        remove_duplicate : bool, default True
            Whether a buffer that is used in two places is given once.

        Yields
        ------
        tuple of (str, Tensor)
            Also those that are no part of the state dict.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Module()
        >>> layer.register_buffer("count", lucid.tensor(0))
        >>> dict(layer.named_buffers())
        {'count': tensor(0)}
        """
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Give what is kept but not learnt.

        Parameters
        ----------
        recurse : bool, default True
            Whether those of the children are given too.

        Yields
        ------
        Tensor
            Each once.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> list(nn.Identity().buffers())
        []
        """
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target):
        """Find a module by its dotted name.

        Parameters
        ----------
        target : str
            As in ``"features.3"``; empty for the module itself.

        Returns
        -------
        Module

        Raises
        ------
        AttributeError
            If there is none of that name.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Sequential(nn.Sequential(nn.Identity())).get_submodule("0.0")
        Identity()
        """
        module = self
        for name in target.split(".") if target else []:
            child = module._modules.get(name)
            if child is None:
                known = ", ".join(module._modules) or "none"
                raise AttributeError(
                    f"{type(module).__name__} has no child module '{name}' (of '{target}'); its "
                    f"children: {known}"
                )
            module = child
        return module

    def _get(self, kind, target):
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        table = getattr(owner, kind)
        if name not in table:
            known = ", ".join(table) or "none"
            raise AttributeError(
                f"{type(owner).__name__} has no {_WHAT[kind]} '{name}' (of '{target}'); it has: "
                f"{known}"
            )
        return table[name]

    def get_parameter(self, target):
        """Find a parameter by its dotted name.

        Parameters
        ----------
        target : str
            As in ``"features.3.weight"``.

        Returns
        -------
        Parameter
            A lazy layer's placeholder too.

        Raises
        ------
        AttributeError
            If there is none of that name.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Sequential(nn.ParameterList([lucid.zeros(2)])).get_parameter("0.0").shape
        (2,)
        """
        return self._get("_parameters", target)

    def get_buffer(self, target):
        """Find a buffer by its dotted name.

        Parameters
        ----------
        target : str
            As in ``"features.4.running_mean"``.

        Returns
        -------
        Tensor

        Raises
        ------
        AttributeError
            If there is none of that name.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Module()
        >>> layer.register_buffer("count", lucid.tensor(0))
        >>> layer.get_buffer("count")
        tensor(0)
        """
        return self._get("_buffers", target)

    def has_uninitialized_params(self):
        """Tell whether the module, without its children, has a placeholder that has no shape yet.

        Returns
        -------
        bool

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Module()
        >>> layer.weight = nn.UninitializedParameter()
        >>> layer.has_uninitialized_params()
        True
        """
        return any(map(is_lazy, chain(self._parameters.values(), self._buffers.values())))

    # --- changing all of it

    def apply(self, fn):
        """Call a function with every module of the tree, children first.

        Parameters
        ----------
        fn : callable
            Called as ``fn(module)``.

        Returns
        -------
        Module
            The module itself.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> model = nn.Sequential(nn.Identity()).apply(lambda module: print(type(module).__name__))
        Identity
        Sequential
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _cast(self, new):
        for x in chain(self.parameters(), self.buffers()):
            if x.dtype.is_floating_point:
                cast_(x, new)
        return self

    def to(self, *args, device=None, dtype=None, non_blocking=False):
        """Change the type of all floating-point parameters and buffers, in place.

        Parameters
        ----------
        *args : dtype, device or Tensor
            ``to(dtype)``, ``to(device)``, ``to(device, dtype)``, or ``to(tensor)`` for its type.
        device : device, optional
            The CPU.
        dtype : dtype, optional
            A floating-point type.
        non_blocking : bool, default False
            Without effect; PyTorch has it.

        Returns
        -------
        Module
            The module itself, with the same parameter objects: an optimizer goes on with them.

        Raises
        ------
        DtypeError
            If the type is not a floating-point one.
        DeviceError
            If the device is not the CPU.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.ParameterList([lucid.zeros(2)]).to(lucid.float64)[0].dtype
        lucid.float64
        """
        for value in args:
            if isinstance(value, (Tensor, dtype_class)):
                dtype = getattr(value, "dtype", value)
            else:
                device = value
        as_device(device)
        if dtype is None:
            return self
        dtype = as_dtype(dtype)
        if not dtype.is_floating_point:
            raise DtypeError(
                f"Module.to takes a floating-point type, got {dtype.name}; "
                f"for other types there is Module.type"
            )
        return self._cast(dtype)

    def float(self):
        """Make all floating-point parameters and buffers float32, in place.

        Returns
        -------
        Module
            The module itself.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.ParameterList([lucid.zeros(2).double()]).float()[0].dtype
        lucid.float32
        """
        return self._cast(float32)

    def double(self):
        """Make all floating-point parameters and buffers float64, in place.

        Returns
        -------
        Module
            The module itself.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.ParameterList([lucid.zeros(2)]).double()[0].dtype
        lucid.float64
        """
        return self._cast(float64)

    def cpu(self):
        """Give the module itself: it is on the CPU.

        Returns
        -------
        Module
            The module itself.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> layer = nn.Linear(2, 1)
        >>> layer.cpu() is layer
        True
        """
        return self

    def type(self, dst_type):
        """Make all parameters and buffers, also those of integers, one type, in place.

        Parameters
        ----------
        dst_type : dtype
            The type.

        Returns
        -------
        Module
            The module itself.

        Raises
        ------
        DtypeError
            If a parameter that requires a gradient would get integers.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Module()
        >>> layer.register_buffer("count", lucid.tensor(3))
        >>> layer.type(lucid.float32).count
        tensor(3.)
        """
        for x in chain(self.parameters(), self.buffers()):
            cast_(x, as_dtype(dst_type))
        return self

    def train(self, mode=True):
        """Switch training mode on or off in the whole tree.

        Parameters
        ----------
        mode : bool, default True
            Dropout and batch norm, for instance, compute something else in training.

        Returns
        -------
        Module
            The module itself.

        Raises
        ------
        ValueError
            If `mode` is not a bool.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Identity().train(False).training
        False
        """
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got {mode!r}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """Switch training mode off in the whole tree; same as ``train(False)``.

        Returns
        -------
        Module
            The module itself.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Sequential(nn.Identity()).eval()[0].training
        False
        """
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Say whether gradients with respect to the parameters are wanted; False freezes them.

        Parameters
        ----------
        requires_grad : bool, default True
            Set on every parameter of the tree.

        Returns
        -------
        Module
            The module itself.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.ParameterList([lucid.zeros(2)]).requires_grad_(False)[0].requires_grad
        False
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters.

        Parameters
        ----------
        set_to_none : bool, default True
            Set `grad` to None; False writes zeros into it.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.ParameterList([lucid.ones(2)])
        >>> layer[0].sum().backward()
        >>> layer.zero_grad()
        >>> print(layer[0].grad)
        None
        """
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach().zero_()

    # --- text

    def extra_repr(self):
        """Give the text between the brackets of the module's representation.

        Returns
        -------
        str
            Empty unless a subclass says more.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> class Scale(nn.Module):
        ...     def extra_repr(self):
        ...         return "factor=2"
        >>> Scale()
        Scale(factor=2)
        """
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{type(self).__name__}({extra})"
        for name, child in self._modules.items():
            lines.append(f"({name}): " + repr(child).replace("\n", "\n  "))
        inside = "\n  ".join(lines)
        return f"{type(self).__name__}(\n  {inside}\n)" if lines else f"{type(self).__name__}()"
