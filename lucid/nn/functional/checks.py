"""What the functions ask of their tensors before they compute."""

from math import prod

from lucid.errors import DtypeError, LazyError, ShapeError
from lucid.ops.operands import check_tensor, is_tensor


def check_floating(x, name):
    """Refuse what is no tensor of floating-point numbers."""
    check_tensor(x, name)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{name} needs float32 or float64, not {x.dtype.name}; call x.float()")


def check_learnt(weight, name):
    """Refuse None, which a lazy layer has for its weight before its first input."""
    if weight is None:
        raise LazyError(
            f"{name}: the weight is None, as in a lazy layer before its first input; call the "
            f"layer itself, layer(x) and not layer.forward(x), or load a state dict first"
        )


def check_same_type(name, **tensors):
    """Refuse tensors that are not all float32, or all float64; a weight or bias may be None."""
    may_lack = ("weight", "bias", "running_mean", "running_var")
    given = {key: x for key, x in tensors.items() if x is not None or not key.endswith(may_lack)}
    if are_alike(given.values()):
        return
    for key, each in given.items():
        check_tensor(each, f"{name}: {key}")
    (first, x), *others = given.items()
    if x.array.dtype.kind != "f":
        raise DtypeError(
            f"{name}: {first} needs float32 or float64, not {x.dtype.name}; call .float()"
        )
    for key, each in others:
        if each.array.dtype != x.array.dtype:
            raise DtypeError(
                f"{name}: {first} is {x.dtype.name}, but {key} is {each.dtype.name}; convert one, "
                f"as in {key}.to(lucid.{x.dtype.name})"
            )


def are_alike(tensors):
    """Tell whether all are tensors of one floating-point type, as they nearly always are."""
    dtype = None
    try:
        for x in tensors:
            if dtype is None:
                dtype = x.array.dtype
            elif dtype is not x.array.dtype:
                return False
    except AttributeError:
        return False
    return dtype.kind == "f"


def check_same_shape(name, **tensors):
    """Refuse two tensors whose shapes differ, which broadcasting would hide."""
    (first, x), (second, other) = tensors.items()
    a, b = x.array.shape, other.array.shape
    if a != b:
        way = "reshape or expand one of them"
        if prod(a) == prod(b) and len(a) != len(b):  # (N, 1) beside (N,) is the usual case
            way = f"reshape one: {second}.reshape({first}.shape)"
        raise ShapeError(
            f"{name}: {first} of shape {a} and {second} of shape {b} must be of one shape; {way}"
        )


def check_inplace(inplace):
    """Return the switch of a layer, refusing the input that a student gives to the class."""
    if is_tensor(inplace):
        raise TypeError(
            "inplace is a Tensor: a layer is made first and called then, as in nn.ReLU()(x); "
            "lucid.nn.functional has functions to call at once"
        )
    return inplace


def refuse_input(value, name):
    """Refuse the input that a student gives to the class of a loss, not to the loss."""
    if is_tensor(value):
        raise TypeError(
            f"{name} is a Tensor of shape {value.array.shape}; a layer or a loss is made first and "
            f"called then, as in nn.MSELoss()(x, target)"
        )


def check_number(value, name, low=None, high=None, above=None):
    """Return a number as a float, refusing what is none or out of its range."""
    if is_tensor(value) and value.array.size != 1:
        refuse_input(value, name)
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, not {value!r} ({type(value).__name__})")
    value = float(value)
    wrong = (
        (low is not None and not value >= low) or (high is not None and not value <= high)
        or (above is not None and not value > above)
    )
    if wrong:
        bounds = {"at least": low, "at most": high, "greater than": above}
        wanted = " and ".join(f"{k} {v:g}" for k, v in bounds.items() if v is not None)
        if low is not None and high is not None:
            wanted = f"{low:g} to {high:g}"
        raise ValueError(f"{name}={value:g} is out of range; it must be {wanted}")
    return value
