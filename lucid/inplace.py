"""What changes a tensor in place: a base class of Tensor, so that tensor.py stays short."""

import numpy as np

from lucid.autograd import is_grad_enabled
from lucid.dtypes import category
from lucid.errors import DtypeError, ShapeError
from lucid.generator import draw_from
from lucid.ops import elementwise, gathering, masking, smooth
from lucid.ops.indexing import write_recorded
from lucid.ops.operands import (
    Cast, become, cast, check_alone, check_memory, check_writable, is_recorded, is_tensor,
)

__all__ = []


def _operator(step, method):
    """Make an operator such as ``+=``: in place, or a new tensor where a gradient is recorded."""

    def operator(self, other):
        is_recorded = self.node is not None or is_tensor(other) and other.requires_grad
        is_leaf = self.node is None and self.requires_grad  # refused by the method
        if is_recorded and not is_leaf and is_grad_enabled():
            return step(self, other)
        return method(self, other)

    return operator


class InPlace:
    """The methods that end in ``_``, and the operators ``+= -= *= /=``.

    A method writes into the memory that the tensor shares with its views, and counts a version: a
    step that saved the tensor refuses to walk backward over the changed numbers. Where a gradient
    is recorded, the tensor becomes the result of the step that wrote; a leaf that requires grad, or
    a tensor whose memory others see, is refused. An operator makes a new tensor instead there:
    ``y += x`` is then ``y = y + x``.
    """

    def _put(self, array, value, name):
        """Write a result over the elements; `value` is the operand whose gradient may get lost."""
        check_writable(self, value, name)
        self._write(array, name)
        return self

    def _apply(self, step, name, *operands, **options):
        """Write what a step computes over the elements, recorded where a gradient flows."""
        tensors = [each for each in operands if is_tensor(each)]
        other = max(tensors, key=lambda each: each.requires_grad, default=None)
        if not is_recorded(self, other):
            return self._put(step(self.detach(), *operands, **options).array, other, name)
        check_memory(self, name)
        check_alone(self, None, name)  # an operand that is a view of it would change, too
        source = self.wrap(self.array, self.node)
        result = cast(step(source, *operands, **options), self.dtype)
        node = result.node.edges[0] if isinstance(result.node, Cast) else result.node
        if any(each is source for each in node.saved()):  # it keeps the numbers of before
            source.array, source.counter = self.array.copy(), [self.counter[0]]
        self._write(result.array, name)
        become(self, result.node)
        return self

    def _write(self, array, name):
        target = self.array
        if category(array.dtype) > category(target.dtype):
            raise DtypeError(
                f"{name}: a result of {array.dtype.name} does not fit into {target.dtype.name}; "
                f"use the operation that makes a new tensor"
            )
        try:
            target[...] = array if array.shape == target.shape else np.broadcast_to(
                array, target.shape
            )
        except ValueError:
            raise ShapeError(
                f"{name}: a result of shape {array.shape} does not fit into {target.shape}"
            ) from None
        self.bump()

    def copy_(self, other):
        """Write the elements of another tensor over this one's.

        Parameters
        ----------
        other : Tensor, numpy.ndarray or number
            Its shape broadcasts to this one's; converted to this one's type.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError
            If the shape does not broadcast.
        ValueError
            If the memory is read-only.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 2).copy_(lucid.tensor([1, 2]))
        tensor([[1., 2.],
                [1., 2.]])
        """
        if is_recorded(self, other):
            try:
                write_recorded(self, (Ellipsis,), other, "copy_")
            except ValueError as error:
                if isinstance(error, ShapeError) or not self.array.flags.writeable:
                    raise
                raise ShapeError(f"copy_: into shape {self.shape}: {error}") from None
            self.bump()
            return self
        array = other.array if is_tensor(other) else np.asarray(other)
        return self._put(array.astype(self.array.dtype, copy=False), other, "copy_")

    def fill_(self, value):
        """Write one number over all elements.

        Parameters
        ----------
        value : number
            Converted to the type of the tensor.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError
            If `value` is more than one number.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).fill_(7)
        tensor([7., 7.])
        """
        shape = np.shape(value.array if is_tensor(value) else value)
        if shape:
            raise ShapeError(f"fill_: needs one number, not shape {shape}; use copy_")
        return self.copy_(value)

    def zero_(self):
        """Write 0 over all elements.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.

        Examples
        --------
        >>> import lucid
        >>> lucid.ones(2).zero_()
        tensor([0., 0.])
        """
        return self.copy_(0)

    def add_(self, other, *, alpha=1):
        """Add in place; the operator ``+=``.

        Parameters
        ----------
        other : Tensor or number
            Its shape broadcasts to this one's.
        alpha : number, default 1
            What to multiply `other` by first.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the sum does not fit into the shape or the type.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.tensor([1.0, 2.0])
        >>> x.add_(10)
        tensor([11., 12.])
        >>> x
        tensor([11., 12.])
        """
        return self._apply(elementwise.add, "add_", other, alpha=alpha)

    def sub_(self, other, *, alpha=1):
        """Subtract in place; the operator ``-=``.

        Parameters
        ----------
        other : Tensor or number
            Its shape broadcasts to this one's.
        alpha : number, default 1
            What to multiply `other` by first.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the difference does not fit into the shape or the type.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1.0, 2.0]).sub_(1)
        tensor([0., 1.])
        """
        return self._apply(elementwise.sub, "sub_", other, alpha=alpha)

    def mul_(self, other):
        """Multiply in place; the operator ``*=``.

        Parameters
        ----------
        other : Tensor or number
            Its shape broadcasts to this one's.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the product does not fit into the shape or the type.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1.0, 2.0]).mul_(3)
        tensor([3., 6.])
        """
        return self._apply(elementwise.mul, "mul_", other)

    def div_(self, other):
        """Divide in place; the operator ``/=``.

        Parameters
        ----------
        other : Tensor or number
            Its shape broadcasts to this one's.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the quotient does not fit into the shape or the type: never into integers.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1.0, 2.0]).div_(2)
        tensor([0.5000, 1.0000])
        """
        return self._apply(elementwise.div, "div_", other)

    def clamp_(self, min=None, max=None):
        """Cut every element off outside an interval, in place.

        Parameters
        ----------
        min, max : number or Tensor, optional
            The ends of the interval; at least one is given.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([-2.0, 0.5]).clamp_(min=0)
        tensor([0.0000, 0.5000])
        """
        return self._apply(elementwise.clamp, "clamp_", min, max)

    def exp_(self):
        """Raise e to every element, in place.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        DtypeError
            If the tensor is of integers, which cannot hold the result.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).exp_()
        tensor([1., 1.])
        """
        return self._apply(elementwise.exp, "exp_")

    def sqrt_(self):
        """Take the square root of every element, in place.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        DtypeError
            If the tensor is of integers, which cannot hold the result.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([4.0, 9.0]).sqrt_()
        tensor([2., 3.])
        """
        return self._apply(elementwise.sqrt, "sqrt_")

    def relu_(self):
        """Make every negative element 0, in place.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([-1.0, 2.0]).relu_()
        tensor([0., 2.])
        """
        return self._apply(elementwise.relu, "relu_")

    def pow_(self, exponent):
        """Raise every element to a power, in place.

        Parameters
        ----------
        exponent : Tensor or number
            Its shape broadcasts to this one's.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the power does not fit into the shape or the type.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1.0, 3.0]).pow_(2)
        tensor([1., 9.])
        """
        return self._apply(elementwise.pow, "pow_", exponent)

    def lerp_(self, end, weight):
        """Go part of the way to another tensor, in place.

        Parameters
        ----------
        end : Tensor
            Where to go; its shape broadcasts to this one's.
        weight : Tensor or number
            The part of the way: 0 stays, 1 arrives.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError
            If the result does not fit into the shape.

        Examples
        --------
        >>> import lucid
        >>> mean = lucid.zeros(2)
        >>> mean.lerp_(lucid.tensor([10.0, 20.0]), 0.1)
        tensor([1., 2.])
        """
        return self._apply(smooth.lerp, "lerp_", end, weight)

    def addcmul_(self, tensor1, tensor2, *, value=1):
        """Add the product of two tensors, times a number, in place.

        Parameters
        ----------
        tensor1, tensor2 : Tensor
            Their shapes broadcast to this one's.
        value : number, default 1
            The number.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the sum does not fit into the shape or the type.

        Examples
        --------
        >>> import lucid
        >>> v = lucid.zeros(2)
        >>> g = lucid.tensor([1.0, 2.0])
        >>> v.mul_(0.9).addcmul_(g, g, value=0.5)
        tensor([0.5000, 2.0000])
        """
        return self.add_(tensor1 * tensor2, alpha=value)

    def addcdiv_(self, tensor1, tensor2, *, value=1):
        """Add the quotient of two tensors, times a number, in place.

        Parameters
        ----------
        tensor1, tensor2 : Tensor
            Their shapes broadcast to this one's.
        value : number, default 1
            The number.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the sum does not fit into the shape or the type.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2)
        >>> x.addcdiv_(lucid.tensor([1.0, 2.0]), lucid.tensor([2.0, 2.0]), value=-1)
        tensor([0.5000, 0.0000])
        """
        return self.add_(tensor1 / tensor2, alpha=value)

    def masked_fill_(self, mask, value):
        """Write one number wherever a mask holds, in place.

        Parameters
        ----------
        mask : Tensor of bool
            Its shape broadcasts to this one's.
        value : number
            The number, or a tensor of one element.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError
            If the mask does not fit or is not of bool, or the number does not fit into the type.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.tensor([-1.0, 2.0])
        >>> x.masked_fill_(x < 0, 0.5)
        tensor([0.5000, 2.0000])
        """
        return self._apply(masking.masked_fill, "masked_fill_", mask, value)

    def scatter_(self, dim, index, src=None, *, value=None):
        """Write over elements along an axis, in place, as `lucid.scatter` does.

        Parameters
        ----------
        dim : int
            The axis.
        index : Tensor of int64
            Where to write along `dim`.
        src : Tensor or number
            What to write; a tensor has at least the shape of `index`.
        value : number, optional
            Another name for `src` if it is a number.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError, ValueError
            If the shapes, a type or an index does not fit.

        Examples
        --------
        >>> import lucid
        >>> labels = lucid.tensor([2, 0])
        >>> lucid.zeros(2, 3).scatter_(1, labels.unsqueeze(1), 1.0)
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
        """
        return self._apply(
            gathering.scatter, "scatter_", dim, index, value if src is None else src
        )

    def scatter_add_(self, dim, index, src):
        """Add to elements along an axis, in place, as `lucid.scatter_add` does.

        Parameters
        ----------
        dim : int
            The axis.
        index : Tensor of int64
            Where to add along `dim`.
        src : Tensor
            What to add, at least of the shape of `index`.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError, ValueError
            If the shapes, a type or an index does not fit.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(3).scatter_add_(0, lucid.tensor([1, 1]), lucid.tensor([2.0, 3.0]))
        tensor([0., 5., 0.])
        """
        return self._apply(gathering.scatter_add, "scatter_add_", dim, index, src)

    def index_add_(self, dim, index, source, *, alpha=1):
        """Add slices to those that an index names, in place, as `lucid.index_add` does.

        Parameters
        ----------
        dim : int
            The axis.
        index : Tensor of int64
            (K,), the slices to add to.
        source : Tensor
            What to add, of K slices along `dim`.
        alpha : number, default 1
            Multiplies `source`.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        GradError
            If a gradient is recorded and the tensor is a leaf that requires grad, or shares its
            memory with another tensor.
        ShapeError, DtypeError, ValueError
            If the shapes, a type or an index does not fit.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(3).index_add_(0, lucid.tensor([1, 1]), lucid.tensor([2.0, 3.0]))
        tensor([0., 5., 0.])
        """
        return self._apply(gathering.index_add, "index_add_", dim, index, source, alpha=alpha)

    def uniform_(self, from_=0.0, to=1.0, *, generator=None):
        """Write numbers drawn from the uniform distribution on [from_, to) over all elements.

        Parameters
        ----------
        from_, to : float, default 0.0 and 1.0
            The ends; PyTorch's first one is called ``from``, which Python does not allow to write.
        generator : Generator, optional
            Where to draw from; default the default generator.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        ValueError
            If `from_` is above `to`.
        DtypeError
            If the tensor is not floating-point.
        GradError
            If the tensor requires grad and recording is on.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.empty(100).uniform_(-1, 1)
        >>> bool(((x >= -1) & (x < 1)).all())
        True
        """
        if not from_ <= to:
            raise ValueError(f"uniform_: from_={from_} is above to={to}")
        drawn = draw_from(generator).random(self.shape, self._kind("uniform_"))
        return self._put(np.asarray(drawn * (to - from_) + from_), None, "uniform_")

    def normal_(self, mean=0.0, std=1.0, *, generator=None):
        """Write numbers drawn from a normal distribution over all elements.

        Parameters
        ----------
        mean : float, default 0.0
            The mean.
        std : float, default 1.0
            The standard deviation, at least 0.
        generator : Generator, optional
            Where to draw from; default the default generator.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        ValueError
            If `std` is negative.
        DtypeError
            If the tensor is not floating-point.
        GradError
            If the tensor requires grad and recording is on.

        Examples
        --------
        >>> import lucid
        >>> lucid.empty(2, 3).normal_(std=0).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
        """
        if not std >= 0:
            raise ValueError(f"normal_: std={std} must be at least 0")
        drawn = draw_from(generator).standard_normal(self.shape, self._kind("normal_"))
        return self._put(np.asarray(drawn * std + mean), None, "normal_")

    def _kind(self, name):
        kind = self.array.dtype
        if kind.kind != "f" or kind.itemsize == 2:
            raise DtypeError(f"{name}: needs float32 or float64, not {kind.name}")
        return kind

    __iadd__ = _operator(elementwise.add, add_)
    __isub__ = _operator(elementwise.sub, sub_)
    __imul__ = _operator(elementwise.mul, mul_)
    __itruediv__ = _operator(elementwise.div, div_)
