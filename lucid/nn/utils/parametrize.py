"""Parameters that are computed from others each time they are read."""

from lucid.autograd import no_grad
from lucid.errors import LazyError, ShapeError
from lucid.nn.container import ModuleDict, ModuleList
from lucid.nn.module import Module
from lucid.nn.parameter import Parameter, is_lazy
from lucid.tensor import Tensor

__all__ = [
    "ParametrizationList", "is_parametrized", "register_parametrization",
    "remove_parametrizations",
]


class ParametrizationList(ModuleList):
    """The originals of one parameter, and the modules that compute it from them, in order.

    `register_parametrization` makes it; a call computes the parameter.

    Parameters
    ----------
    modules : iterable of Module
        The first one takes the originals, each other one what the one before it returned.
    original : Parameter
        The parameter as it is now.

    Attributes
    ----------
    original : Parameter
        What is learnt instead; `original0`, `original1`, ... if the first module takes several.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> [name for name, x in layer.parametrizations.weight.named_parameters()]
    ['original0', 'original1']
    """

    def __init__(self, modules, original):
        super().__init__(modules)
        value = original.detach()
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                value = module.right_inverse(value)
        self.count = None if isinstance(value, Tensor) else len(value)
        if self.count is None:
            original.data = value.detach().clone()  # the same object, which optimizers may have
            self.original = original
        else:
            for name, part in zip(self.names(), value, strict=True):
                setattr(self, name, Parameter(part.detach().clone(), original.requires_grad))

    def names(self):
        """Give the names of the originals."""
        return ["original"] if self.count is None else [f"original{i}" for i in range(self.count)]

    def append_inverse(self, module):
        """Add one more module behind the others, keeping the value as near as it can."""
        with no_grad():
            value = self()
            if hasattr(module, "right_inverse"):
                value = module.right_inverse(value)
                if not isinstance(value, Tensor):
                    raise ValueError("only the first parametrization may have several originals")
                self.assign(value)
        self.append(module)

    def assign(self, value):
        """Set the originals so that the parameter becomes `value`."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise NotImplementedError(
                        f"{type(module).__name__} has no right_inverse, so the parameter cannot "
                        f"be set"
                    )
                value = module.right_inverse(value)
        parts = [value] if self.count is None else value
        for name, part in zip(self.names(), parts, strict=True):
            original = getattr(self, name)
            original.array[...] = part.array
            original.bump()

    def forward(self):
        """Compute the parameter."""
        modules = iter(self)
        value = next(modules)(*[getattr(self, name) for name in self.names()])
        for module in modules:
            value = module(value)
        return value


class _Parametrized:
    """Marks the classes that are made here."""


def _class_for(module):
    """Make a class like that of the module, with a property for each computed parameter."""
    plain = next(c for c in type(module).__mro__ if not issubclass(c, _Parametrized))
    names = list(module._modules["parametrizations"]) if is_parametrized(module) else []
    if not names:
        return plain

    def make(name):
        return property(
            lambda self: self.parametrizations[name](),
            lambda self, value: self.parametrizations[name].assign(value),
        )

    properties = {name: make(name) for name in names}
    return type(f"Parametrized{plain.__name__}", (_Parametrized, plain), properties)


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    r"""Let a parameter be computed from another one each time it is read.

    So a weight can be kept symmetric, orthogonal, or of length 1, while what is learnt is free.

    Parameters
    ----------
    module : Module
        Whose parameter it is; its class becomes a subclass with a property of that name.
    tensor_name : str
        The name of the parameter.
    parametrization : Module
        Its call takes what is learnt and returns the parameter. With a method ``right_inverse`` it
        says what must be learnt for a given parameter; that may be a tuple of several tensors. A
        second one is applied to the result of the first.
    unsafe : bool, default False
        Whether the result may have another shape or type.

    Returns
    -------
    Module
        `module` itself.

    Raises
    ------
    TypeError
        If `parametrization` is no Module.
    ValueError
        If there is no such parameter, or what learns several tensors is not the first.
    ShapeError
        If the result has another shape or type; nothing has changed then.
    LazyError
        If the parameter has no shape yet.

    Notes
    -----
    What is learnt is ``module.parametrizations.weight.original``, also in the state dict. If it is
    one tensor, it is the same object as before, so that an optimizer made earlier still trains it.
    The parameter is computed anew at every reading.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return (x + x.T) / 2
    >>> layer = nn.Linear(3, 3)
    >>> _ = nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    """
    if not isinstance(parametrization, Module):
        raise TypeError(
            f"register_parametrization needs a Module, not a {type(parametrization).__name__}; "
            f"write a class with a forward"
        )
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        entry = module.parametrizations[tensor_name]
        _check_result(parametrization(entry()), entry().detach(), tensor_name, unsafe)
        entry.append_inverse(parametrization)
        return module
    original = module._parameters.get(tensor_name)
    if original is None:
        raise ValueError(
            f"{type(module).__name__} has no parameter {tensor_name!r}; it has "
            f"{', '.join(map(repr, module._parameters)) or 'none'}"
        )
    if is_lazy(original):
        raise LazyError(
            f"{tensor_name!r} has no shape yet; run one forward before parametrizing it"
        )
    before = original.detach().clone()
    entry = ParametrizationList([parametrization], original)
    try:
        _check_result(entry(), before, tensor_name, unsafe)
    except BaseException:
        original.data = before
        raise
    del module._parameters[tensor_name]
    module.__dict__.pop(tensor_name, None)
    if not is_parametrized(module):
        module.register_module("parametrizations", ModuleDict())
    module.parametrizations[tensor_name] = entry
    module.__class__ = _class_for(module)
    return module


def _check_result(result, before, name, unsafe):
    if unsafe:
        return
    if result.shape != before.shape or result.dtype is not before.dtype:
        raise ShapeError(
            f"the parametrization of {name!r} turns {before.shape} {before.dtype.name} into "
            f"{result.shape} {result.dtype.name}; it must keep both, or be registered with "
            f"unsafe=True"
        )


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Make a computed parameter an ordinary one again.

    Parameters
    ----------
    module : Module
        Whose parameter it is.
    tensor_name : str
        The name of the parameter.
    leave_parametrized : bool, default True
        Whether it keeps its present value; if not, it becomes the original, if that is one tensor.

    Returns
    -------
    Module
        `module` itself.

    Raises
    ------
    ValueError
        If it is not computed, or `leave_parametrized` is False and there are several originals.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> _ = nn.utils.parametrize.remove_parametrizations(layer, "weight")
    >>> [name for name, x in layer.named_parameters()]
    ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{tensor_name!r} of {type(module).__name__} is not parametrized")
    entry = module.parametrizations[tensor_name]
    if not leave_parametrized and entry.count is not None:
        raise ValueError(
            f"{tensor_name!r} is computed from {entry.count} tensors, so none of them can take "
            f"its place; use leave_parametrized=True"
        )
    with no_grad():
        value = entry().clone()
    if entry.count is None:
        parameter = entry.original
        if leave_parametrized:
            parameter.data = value
    else:
        parameter = Parameter(value, any(x.requires_grad for x in entry.parameters()))
    del module.parametrizations[tensor_name]
    if not len(module.parametrizations):
        del module.parametrizations
    module.__class__ = _class_for(module)
    module.register_parameter(tensor_name, parameter)
    return module


def is_parametrized(module, tensor_name=None):
    """Tell whether a module has a computed parameter.

    Parameters
    ----------
    module : Module
        The module itself, not its children.
    tensor_name : str, optional
        Which parameter; default any.

    Returns
    -------
    bool

    Examples
    --------
    >>> import lucid.nn as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> is_parametrized = nn.utils.parametrize.is_parametrized
    >>> is_parametrized(layer), is_parametrized(layer, "bias")
    (True, False)
    """
    entries = module._modules.get("parametrizations")
    if not isinstance(entries, Module):
        return False
    return tensor_name is None or tensor_name in entries._modules
