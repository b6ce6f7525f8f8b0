"""NumPy's names of two arguments, which PyTorch understands as well."""

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
