"""Modules that hold other modules, or parameters, in a list or by name."""

from collections.abc import Iterable, Mapping, MutableMapping

from lucid.nn.module import Module
from lucid.nn.parameter import Parameter, is_lazy
from lucid.tensor import Tensor

__all__ = ["Identity", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class Identity(Module):
    """Give the input back: a layer to put where there is none.

    Parameters
    ----------
    *args, **kwargs
        Taken and ignored, so that it can stand for any layer.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Identity(8, 8, kernel_size=3)(lucid.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, x):
        """Give `x` back.

        Parameters
        ----------
        x : Tensor
            Of any shape.

        Returns
        -------
        Tensor
            `x` itself.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.Identity()(3)
        3
        """
        return x


class _Listing(Module):
    """What lists of modules and of parameters share: entries named "0", "1", ... in one table."""

    _table = "_modules"

    def _entries(self):
        return getattr(self, self._table)

    def _add(self, name, value):
        self.register_module(name, value)

    def _renumber(self, values):
        """Hold exactly these, numbered from 0."""
        for name in list(self._entries()):
            delattr(self, name)
        for number, value in enumerate(values):
            self._add(str(number), value)

    def _name_at(self, index):
        names = list(self._entries())
        try:
            return names[index]
        except IndexError:
            raise IndexError(
                f"index {index} is out of range: this {type(self).__name__} has {len(self)} entries"
            ) from None

    def __len__(self):
        return len(self._entries())

    def __iter__(self):
        return iter(list(self._entries().values()))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._entries()[self._name_at(index)]

    def __setitem__(self, index, value):
        self._add(self._name_at(index), value)

    def __delitem__(self, index):
        values = list(self)
        if not isinstance(index, slice):
            self._name_at(index)
        del values[index]
        self._renumber(values)

    def __add__(self, other):
        return type(self)([*self, *other])

    def __iadd__(self, other):
        return self.extend(other)

    def append(self, value):
        """Put an entry at the end.

        Parameters
        ----------
        value : Module or Tensor
            The entry.

        Returns
        -------
        Module
            The container itself.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> len(nn.ModuleList().append(nn.Identity()))
        1
        """
        number = len(self)
        while str(number) in self._entries():  # a slice of a Sequential keeps its names
            number += 1
        self._add(str(number), value)
        return self

    def extend(self, values):
        """Put several entries at the end.

        Parameters
        ----------
        values : iterable of Module or Tensor
            The entries, in order.

        Returns
        -------
        Module
            The container itself.

        Raises
        ------
        TypeError
            If `values` cannot be walked, or is a single tensor.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> len(nn.ModuleList().extend([nn.Identity(), nn.Identity()]))
        2
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got "
                f"{type(values).__name__}; for one entry there is append"
            )
        for value in list(values):
            self.append(value)
        return self

    def insert(self, index, value):
        """Put an entry before another one; those after it get new numbers.

        Parameters
        ----------
        index : int
            Where it will be, from ``-len`` to ``len``.
        value : Module or Tensor
            The entry.

        Returns
        -------
        Module
            The container itself.

        Raises
        ------
        IndexError
            If the index is out of range.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.ModuleList([nn.Identity()]).insert(0, nn.ModuleList())
        ModuleList(
          (0): ModuleList()
          (1): Identity()
        )
        """
        if not -len(self) <= index <= len(self):
            raise IndexError(
                f"index {index} is out of range: this {type(self).__name__} has {len(self)} entries"
            )
        values = list(self)
        self.append(value)  # refuses what is no entry, before anything is moved
        values.insert(index, value)
        self._renumber(values)
        return self

    def pop(self, index=-1):
        """Take an entry out and give it back.

        Parameters
        ----------
        index : int, default -1
            Where it is.

        Returns
        -------
        Module or Parameter
            The entry.

        Raises
        ------
        IndexError
            If the index is out of range.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> layers = nn.ModuleList([nn.Identity()])
        >>> layers.pop(), len(layers)
        (Identity(), 0)
        """
        value = self[index]
        del self[index]
        return value


class Sequential(_Listing):
    """Call modules one after the other, each with the output of the one before.

    Parameters
    ----------
    *args : Module or dict of str to Module
        The modules in order, or one dict (OrderedDict) that also names them.

    Notes
    -----
    Indexing gives a module; a slice gives a Sequential of the same modules under the same names.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    >>> model(lucid.zeros(1, 1, 8, 8)).shape
    (1, 2, 4, 4)
    >>> model[1:]
    Sequential(
      (1): ReLU()
      (2): Conv2d(4, 2, kernel_size=(3, 3), stride=(1, 1))
    )
    """

    def __init__(self, *args):
        super().__init__()
        named = len(args) == 1 and isinstance(args[0], Mapping)
        if len(args) == 1 and isinstance(args[0], list | tuple):
            raise TypeError("Sequential takes the modules one by one: Sequential(*layers)")
        for name, module in args[0].items() if named else enumerate(args):
            if isinstance(module, type):
                raise TypeError(
                    f"module {name} is the class {module.__name__} itself; make a layer of it: "
                    f"{module.__name__}()"
                )
            self.register_module(str(name), module)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return super().__getitem__(index)

    def __add__(self, other):
        return type(self)(*self, *other)

    def forward(self, x):
        """Call the modules one after the other.

        Parameters
        ----------
        x : Tensor
            Input of the first module.

        Returns
        -------
        Tensor
            Output of the last module; `x` itself if there is none.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Sequential(nn.Flatten(), nn.Identity())(lucid.zeros(2, 3, 4)).shape
        (2, 12)
        """
        for module in self._modules.values():
            x = module(x)
        return x


class ModuleList(_Listing):
    """Hold modules in a list; what is done with them is said in the `forward` of the owner.

    Parameters
    ----------
    modules : iterable of Module, optional
        The first entries.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ModuleList([nn.ReLU() for _ in range(3)])
    ModuleList(
      (0-2): 3 x ReLU()
    )
    """

    def __init__(self, modules=None):
        super().__init__()
        self.extend(() if modules is None else modules)

    def __repr__(self):
        if not len(self):
            return f"{type(self).__name__}()"
        texts = [repr(module).replace("\n", "\n  ") for module in self]
        starts = [0, *[i for i in range(1, len(texts)) if texts[i] != texts[i - 1]]]
        lines = []
        for start, stop in zip(starts, [*starts[1:], len(texts)], strict=True):
            if stop - start > 1:
                lines.append(f"({start}-{stop - 1}): {stop - start} x {texts[start]}")
            else:
                lines.append(f"({start}): {texts[start]}")
        inside = "\n  ".join(lines)
        return f"{type(self).__name__}(\n  {inside}\n)"


class _Naming(Module, MutableMapping):
    """What dicts of modules and of parameters share: entries under their keys in one table."""

    _table = "_modules"

    # a mapping compares its entries; a module is only equal to itself
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    _entries = _Listing._entries
    _add = _Listing._add

    def __init__(self, entries=None):
        super().__init__()
        self.update(() if entries is None else entries)

    def __getitem__(self, key):
        return self._entries()[key]

    def __setitem__(self, key, value):
        self._add(key, value)

    def __delitem__(self, key):
        if key not in self._entries():
            raise KeyError(key)
        delattr(self, key)

    def __len__(self):
        return len(self._entries())

    def __iter__(self):
        return iter(self._entries())

    def __reversed__(self):
        return reversed(self._entries())

    def __or__(self, other):
        return type(self)({**self, **other})

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        """Make a new container with the same entries, which are not copied.

        Returns
        -------
        Module
            Of the same class.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.ModuleDict({"a": nn.Identity()}).copy()
        ModuleDict(
          (a): Identity()
        )
        """
        return type(self)(dict(self))

    def popitem(self):
        """Take the last entry out.

        Returns
        -------
        tuple of (str, Module or Parameter)
            Its key and the entry.

        Raises
        ------
        KeyError
            If there is none.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.ModuleDict({"a": nn.Identity(), "b": nn.ReLU()}).popitem()
        ('b', ReLU())
        """
        if not len(self):
            raise KeyError(f"popitem: this {type(self).__name__} is empty")
        key = next(reversed(self))
        return key, self.pop(key)


class ModuleDict(_Naming):
    """Hold modules by name, as a dict; what is done with them is said in `forward` of the owner.

    Parameters
    ----------
    modules : dict of str to Module, or iterable of pairs, optional
        The first entries; kept in their order.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> choices = nn.ModuleDict({"relu": nn.ReLU(), "none": nn.Identity()})
    >>> choices["none"](lucid.ones(2))
    tensor([1., 1.])
    >>> list(choices)
    ['relu', 'none']
    """

    def __init__(self, modules=None):
        super().__init__(modules)


class _OfParameters:
    """What a container of parameters does in another way than one of modules."""

    _table = "_parameters"

    def _add(self, name, value):
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        self.register_parameter(name, value)

    def extra_repr(self):
        """List the entries with their types and shapes.

        Returns
        -------
        str
            One line for each.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> print(nn.ParameterList([lucid.zeros(2, 3)]).extra_repr())
          (0): Parameter containing: [lucid.float32 of size 2x3]
        """
        lines = []
        for name, value in self._entries().items():
            text = "Object of type: NoneType"
            if is_lazy(value):
                text = repr(value)
            elif value is not None:
                size = "x".join(map(str, value.shape))
                text = f"Parameter containing: [{value.dtype} of size {size}]"
            lines.append(f"  ({name}): {text}")
        return "\n".join(lines)


class ParameterList(_OfParameters, _Listing):
    """Hold parameters in a list.

    Parameters
    ----------
    values : iterable of Tensor, optional
        The first entries; what is no Parameter is made one. Other things than tensors, which
        PyTorch takes, are refused.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ParameterList([lucid.zeros(2, 3), lucid.zeros(2)])
    ParameterList(
        (0): Parameter containing: [lucid.float32 of size 2x3]
        (1): Parameter containing: [lucid.float32 of size 2]
    )
    """

    def __init__(self, values=None):
        super().__init__()
        self.extend(() if values is None else values)


class ParameterDict(_OfParameters, _Naming):
    """Hold parameters by name, as a dict.

    Parameters
    ----------
    parameters : dict of str to Tensor, or iterable of pairs, optional
        The first entries; what is no Parameter is made one. They are kept in their order, where
        PyTorch sorts those of a plain dict.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> gains = nn.ParameterDict({"left": lucid.ones(2), "right": lucid.zeros(2)})
    >>> gains["left"]
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    >>> "up" in gains
    False
    """

    def __init__(self, parameters=None):
        super().__init__(parameters)
