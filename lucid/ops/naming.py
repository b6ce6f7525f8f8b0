"""Names that arguments have besides their own: NumPy's, and that of a shape."""

from functools import wraps

__all__ = []

PAIRS = (("axis", "dim"), ("keepdims", "keepdim"))


def numpy_names(function):
    """Let a function understand `axis` for its `dim`, and `keepdims` for its `keepdim`."""

    @wraps(function)
    def understanding(*args, **options):
        if options:
            for other, own in PAIRS:
                if other in options and own not in options:
                    options[own] = options.pop(other)
        return function(*args, **options)

    return understanding


def named_size(function):
    """Let a function of separate sizes take them by name, too: ``size=(2, 3)``."""

    @wraps(function)
    def understanding(*size, **options):
        if "size" in options:
            if size:
                raise TypeError(f"{function.__name__}: the shape is given twice, also as size=")
            size = (options.pop("size"),)
        return function(*size, **options)

    return understanding
