"""Pictures of what a network has learnt and of what it looks at."""

import numpy as np

from lucid import autograd
from lucid.autograd import enable_grad, no_grad
from lucid.errors import ShapeError
from lucid.nn.functional.interpolation import interpolate
from lucid.nn.module import Module
from lucid.ops.operands import check_tensor, is_tensor

try:  # an extra: numbers come without it, pictures do not
    from matplotlib.figure import Figure
except ImportError:
    Figure = None

__all__ = ["Pictures", "feature_maps", "filter_grid", "grad_cam", "saliency"]


class Pictures:
    """Images by name, as arrays, which `draw` shows.

    Parameters
    ----------
    images : dict of str to numpy.ndarray
        (H, W), or (H, W, 3) with values from 0 to 1.
    below : dict of str to numpy.ndarray, optional
        What is drawn below an image of the same name, which becomes transparent.

    Attributes
    ----------
    images, below
        As given.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.inspect import Pictures
    >>> pictures = Pictures({"noise": np.zeros((4, 4))})
    >>> pictures
    Pictures(noise: (4, 4))
    """

    def __init__(self, images, below=None):
        self.images, self.below = images, below or {}

    def __repr__(self):
        shapes = ", ".join(f"{name}: {image.shape}" for name, image in self.images.items())
        return f"Pictures({shapes})"

    def draw(self, figure=None, columns=8):
        """Draw all images side by side.

        Parameters
        ----------
        figure : matplotlib.figure.Figure, optional
            Where; default a new one. ``plt.figure()`` gives one that a notebook shows.
        columns : int, default 8
            Images in a row.

        Returns
        -------
        matplotlib.figure.Figure
            Its ``savefig(path)`` saves it.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from lucid.inspect import Pictures
        >>> from lucid.inspect.pictures import Figure
        >>> if Figure is not None:  # matplotlib is there
        ...     figure = Pictures({"noise": np.zeros((4, 4))}).draw()
        """
        if Figure is None:
            raise ImportError(
                "drawing needs matplotlib, which is an extra: pip install lucid-conv[plots]; the "
                "numbers are in .images"
            )
        columns = max(1, min(columns, len(self.images)))
        rows = -(-len(self.images) // columns)
        if figure is None:
            figure = Figure(figsize=(1.5 * columns, 1.7 * rows), layout="constrained")
        axes = np.ravel(figure.subplots(max(rows, 1), columns, squeeze=False))
        for axis in axes:
            axis.axis("off")
        for axis, (name, image) in zip(axes, self.images.items(), strict=False):
            axis.set_title(name, fontsize=8)
            if name in self.below:
                axis.imshow(self.below[name], cmap="gray")
                axis.imshow(image, cmap="jet", alpha=0.5)
            else:
                axis.imshow(image, cmap="gray", aspect="auto" if 1 in image.shape else "equal")
        return figure


def filter_grid(layer, limit=64):
    """Show the kernels of a convolution layer, each scaled to its own range.

    Parameters
    ----------
    layer : Module or Tensor
        A layer with a `weight`, or a weight (F, C, \\*kernel_size), one to three spatial axes.
    limit : int, default 64
        The most images.

    Returns
    -------
    Pictures
        One for each output channel where there are three input channels, in colour; else one for
        each pair of channels, ``w[f, c]``. Of three spatial axes the middle slice is shown.

    Raises
    ------
    ShapeError
        If the weight has not three to five axes.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.inspect import filter_grid
    >>> pictures = filter_grid(nn.Conv2d(3, 2, kernel_size=5))
    >>> pictures
    Pictures(w[0]: (5, 5, 3), w[1]: (5, 5, 3))
    """
    weight = layer.weight if isinstance(layer, Module) else layer
    check_tensor(weight, "filter_grid")
    w = weight.array
    if w.ndim not in (3, 4, 5):
        raise ShapeError(f"filter_grid: a weight of shape {w.shape} is none of a convolution")
    w = np.stack([[_plane(kernel) for kernel in each] for each in w])
    images = {}
    if w.shape[1] == 3 and w.shape[2] > 1:
        for f, each in enumerate(w[:limit]):
            images[f"w[{f}]"] = _unit(np.moveaxis(each, 0, -1))
    else:
        for f, c in list(np.ndindex(w.shape[:2]))[:limit]:
            images[f"w[{f}, {c}]"] = _unit(w[f, c])
    return Pictures(images)


def _plane(array):
    """Make one to three axes two: a line becomes a row, of a volume the middle slice is taken."""
    if array.ndim == 1:
        return array[None]
    return array[array.shape[0] // 2] if array.ndim == 3 else array


def _unit(image):
    """Scale to 0 to 1; what is constant becomes 0."""
    low, high = image.min(), image.max()
    return (image - low) / (high - low if high > low else 1)


def feature_maps(model, x, layers=None, limit=8):
    """Show what the layers of a model answer to an input.

    Parameters
    ----------
    model : Module
        Called once, in evaluation mode and without a graph.
    x : Tensor
        One item with its batch axis, or several, of which the first is shown.
    layers : sequence of str, optional
        Dotted names of modules; default all whose output has spatial axes and that have no
        children.
    limit : int, default 8
        The most channels of each layer.

    Returns
    -------
    Pictures
        Named ``"layer[channel]"``; sequences are rows, of volumes the middle slice is shown.

    Raises
    ------
    ValueError
        If a layer is not in the model.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> from lucid.inspect import feature_maps
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten())
    >>> feature_maps(model, lucid.zeros(1, 1, 6, 6), layers=["1"])
    Pictures(1[0]: (4, 4), 1[1]: (4, 4))
    """
    names = layers
    if names is None:
        names = [name for name, module in model.named_modules() if not list(module.children())]
    found = {}
    with _Kept(model, names, found), no_grad():
        model(x)
    images = {}
    for name in names:
        y = found.get(name)
        if y is None or y.ndim < 3:
            continue
        for c, plane in enumerate(y.array[0][:limit]):
            images[f"{name}[{c}]"] = _plane(plane)
    return Pictures(images)


class _Kept:
    """A block in evaluation mode in which the outputs of some modules are noted."""

    def __init__(self, model, names, found):
        modules = dict(model.named_modules())
        for name in names:
            if name not in modules:
                known = ", ".join(repr(each) for each in modules if each)
                raise ValueError(f"there is no layer {name!r} in the model; there are {known}")
        self.chosen = {name: modules[name] for name in names}
        self.modes = [(module, module.training) for module in modules.values()]
        self.found = found

    def __enter__(self):
        for module, _ in self.modes:
            module.training = False
        self.handles = [
            module.register_forward_hook(self._note(name)) for name, module in self.chosen.items()
        ]

    def _note(self, name):
        def hook(module, args, output):
            if is_tensor(output):
                self.found[name] = output

        return hook

    def __exit__(self, *error):
        for handle in self.handles:
            handle.remove()
        for module, mode in self.modes:
            module.training = mode


def _scores(model, x, target):
    """Call the model and add up one score of each item; the items do not depend on each other."""
    y = model(x)
    if y.ndim != 2:
        raise ShapeError(f"the model gives shape {y.shape}; needs scores (N, classes)")
    chosen = np.argmax(y.array, axis=1) if target is None else np.asarray(target)
    chosen = np.broadcast_to(chosen, len(y.array))
    if chosen.min(initial=0) < 0 or chosen.max(initial=0) >= y.shape[1]:
        raise ValueError(f"target={target} is no class of the {y.shape[1]} that the model scores")
    mask = np.zeros(y.shape, y.array.dtype)
    mask[np.arange(len(chosen)), chosen] = 1
    return (y * y.wrap(mask)).sum()


def saliency(model, x, target=None):
    r"""Show which pixels change a class's score most: the size of its gradient.

    Parameters
    ----------
    model : Module
        Turns images (N, C, H, W) into scores (N, classes); called in evaluation mode.
    x : Tensor
        (N, C, H, W).
    target : int or sequence of int, optional
        The class, or one for each item; default the one of the highest score.

    Returns
    -------
    Pictures
        For each item n, ``"item n"`` (H, W): the largest absolute gradient of the channels.

    Raises
    ------
    ShapeError
        If `x` has not four axes or the scores not two.
    ValueError
        If the target is no class.

    References
    ----------
    .. [1] Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks: visualising image
       classification models and saliency maps", 2014, section 3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> from lucid.inspect import saliency
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 16, 3))
    >>> saliency(model, lucid.ones(1, 1, 6, 6), target=2)
    Pictures(item 0: (6, 6))
    """
    check_tensor(x, "saliency")
    if x.ndim != 4:
        raise ShapeError(f"saliency: x of shape {x.shape} needs (N, C, H, W)")
    x = x.detach().requires_grad_()
    with _Kept(model, (), {}), enable_grad():
        (gradient,) = autograd.grad(_scores(model, x, target), x)
    size = abs(gradient.array).max(axis=1)
    return Pictures({f"item {n}": image for n, image in enumerate(size)})


def grad_cam(model, x, layer, target=None):
    r"""Show which places speak for a class: a layer's maps, weighed by their mean gradients.

    Parameters
    ----------
    model : Module
        Turns images (N, C, H, W) into scores (N, classes); called in evaluation mode.
    x : Tensor
        (N, C, H, W).
    layer : str
        Dotted name of the module whose output is weighed; usually the last convolution.
    target : int or sequence of int, optional
        The class, or one for each item; default the one of the highest score.

    Returns
    -------
    Pictures
        For each item n, ``"item n"`` (H, W), from 0 to its largest number; drawn over the item.

    Raises
    ------
    ShapeError
        If `x` has not four axes, the scores not two, or the layer's output not four.
    ValueError
        If the layer is not in the model, or the target is no class.

    Notes
    -----
    With the maps A of the layer and the score s, :math:`\alpha_k = \mathrm{mean}_{ij}\, \partial s
    / \partial A_{kij}` and the picture is :math:`\max(0, \sum_k \alpha_k A_k)`, equations 1 and 2
    of [1]_, brought to the size of the input by linear interpolation.

    References
    ----------
    .. [1] Selvaraju and others, "Grad-CAM: visual explanations from deep networks via
       gradient-based localization", 2017.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> from lucid.inspect import grad_cam
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    >>> grad_cam(model, lucid.ones(2, 1, 6, 6), layer="0")
    Pictures(item 0: (6, 6), item 1: (6, 6))
    """
    check_tensor(x, "grad_cam")
    if x.ndim != 4:
        raise ShapeError(f"grad_cam: x of shape {x.shape} needs (N, C, H, W)")
    found = {}
    x = x.detach().requires_grad_()  # so that the layer has a graph even if its weights are frozen
    with _Kept(model, [layer], found), enable_grad():
        score = _scores(model, x, target)
        maps = found.get(layer)
        if maps is None or maps.ndim != 4:
            shape = None if maps is None else maps.shape
            raise ShapeError(f"grad_cam: layer {layer!r} gives {shape}; needs (N, C, H, W)")
        (gradient,) = autograd.grad(score, maps)
    weights = gradient.array.mean(axis=(2, 3), keepdims=True)
    cams = np.maximum((weights * maps.array).sum(axis=1, keepdims=True), 0)
    cams = interpolate(maps.wrap(cams), x.shape[2:], mode="bilinear").array[:, 0]
    images = {f"item {n}": cam for n, cam in enumerate(cams)}
    below = {f"item {n}": each.mean(axis=0) for n, each in enumerate(x.array)}
    return Pictures(images, below)
