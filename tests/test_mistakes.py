"""What students get wrong most often, and that the message says what to do about it."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F
from lucid import optim
from lucid import transforms as T
from lucid.errors import DeviceError, DtypeError, GradError, LazyError, LucidError, ShapeError
from lucid.utils.data import DataLoader

zeros, ones, labels = lucid.zeros, lucid.ones, lucid.arange(4)


def leaf():
    return lucid.ones(2, requires_grad=True)


def walk_twice():
    y = (leaf() * leaf()).sum()
    y.backward()
    y.backward()


def compute_unseen():
    with lucid.no_grad():
        y = leaf().sum()
    y.backward()


def write_into(x, key=0):
    x[key] = 5


class Headless(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 3)


MISTAKES = {
    # shapes on the way through a network
    "a wrong number behind flatten": (
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(1152, 10))(zeros(2, 8, 13, 13)), ShapeError,
        r"Linear '1': .* 1352 features .* needs 1152.*; nn.Linear\(1352, 10\) takes this input"),
    "no flatten": (lambda: nn.Linear(64, 10)(zeros(5, 1, 8, 8)), ShapeError, r"x.flatten\(1\)"),
    "the batch flattened too": (lambda: nn.Linear(64, 10)(zeros(5, 1, 8, 8).flatten()), ShapeError,
                                r"if a batch was flattened whole, keep its axis: x.flatten\(1\)"),
    "no channel axis": (lambda: nn.Conv2d(1, 8, 3)(zeros(16, 28, 28)), ShapeError, r"x\[:, None\]"),
    "no batch and no channel axis": (lambda: nn.Conv2d(1, 8, 3)(zeros(28, 28)), ShapeError,
                                     r"needs \(batch, channels, height, width\).*x\[None\]"),
    "channels last": (lambda: nn.Conv2d(3, 8, 3)(zeros(16, 28, 28, 3)), ShapeError,
                      r"x.permute\(0, 3, 1, 2\)"),
    "a kernel too large": (lambda: nn.Conv2d(3, 8, 5)(zeros(1, 3, 4, 4)), ShapeError,
                           r"floor\(\(4 \+ 0 - 5\)/1\) \+ 1 = 0; needs height >= 5 or padding"),
    "a window too large": (lambda: nn.MaxPool2d(5)(zeros(1, 1, 3, 3)), ShapeError, "needs height"),
    "one item for a batch norm": (lambda: nn.BatchNorm2d(8)(zeros(8, 4, 4)), ShapeError,
                                  r"has 3 axes; needs \(batch, channels, height, width\)"),
    "a batch of one": (lambda: nn.BatchNorm1d(8)(zeros(1, 8)), ShapeError,
                       r"a larger batch, or eval\(\)"),
    "two halves of a U-Net": (lambda: lucid.cat([zeros(1, 8, 28, 28), zeros(1, 8, 27, 27)], 1),
                              ShapeError, r"tensor 1 has shape \(1, 8, 27, 27\), which differs"),
    "vectors that do not broadcast": (lambda: zeros(3, 4) + zeros(3), ShapeError,

                                             r"axis -1 has 4 and 3; .*for axis 0 .*: x\[:, None\]"),
    "no transpose": (lambda: zeros(3, 4) @ zeros(3, 4), ShapeError,
        "other.mT has its last two axes"),
    "a view that does not fill": (lambda: zeros(4, 6).view(5, 5), ShapeError,
                                  r"24 elements, which do not fill \(5, 5\): 25"),
    "a view of a transpose": (lambda: zeros(4, 6).T.view(24), ShapeError, "use reshape"),
    "an axis too far": (lambda: zeros(4, 6).sum(2), ShapeError,
        "dim=2 is not an axis.*needs -2 to 1"),
    "an index too far": (lambda: zeros(4, 6)[4], IndexError,
        r"x of shape \(4, 6\): index 4 is out"),
    # types
    "an image of bytes": (lambda: nn.Conv2d(1, 8, 3)(zeros(2, 1, 8, 8, dtype=lucid.uint8)),
                          DtypeError, r"input is uint8.*x.to\(lucid.float32\)"),
    "numbers of NumPy": (lambda: nn.Conv2d(1, 8, 3)(zeros(2, 1, 8, 8, dtype=lucid.float64)),
                         DtypeError, r"input is float64, but weight is float32; .*x.to"),
    "an array": (lambda: nn.Conv2d(1, 8, 3)(np.zeros((2, 1, 8, 8))), TypeError,
                 r"needs a Tensor, not ndarray; make one with lucid.tensor"),
    "words that are no numbers": (lambda: lucid.tensor([1, None]), DtypeError, "not numbers"),
    "rows of two lengths": (lambda: lucid.tensor([[1, 2], [3]]), ValueError, "different lengths"),
    "rows that are no integers": (lambda: nn.Embedding(5, 3)(zeros(2)), DtypeError, r"\.long\(\)"),
    "a gradient of integers": (lambda: lucid.tensor([1], requires_grad=True), DtypeError, "float"),
    "a GPU": (lambda: zeros(2).to("cuda"), DeviceError, "computes on 'cpu' only"),
    # losses
    "classes as numbers": (lambda: F.cross_entropy(zeros(4, 10), zeros(4)), ShapeError,
                           r"if it holds classes, use .long\(\)"),
    "classes in a column": (lambda: F.cross_entropy(zeros(4, 10), labels[:, None]), ShapeError,

                                   r"of shape \(4,\), one class for each item, not \(4, 1\)"),
    "one-hot classes": (lambda: F.cross_entropy(zeros(4, 10), F.one_hot(labels, 10)), ShapeError,
                        r"if it holds probabilities, use .float\(\)"),
    "a class too many": (lambda: F.cross_entropy(zeros(4, 3), labels), ValueError,
                         r"target 3 at position \(3,\) is no class: there are 3, numbered 0 to 2"),
    "too few labels": (lambda: F.cross_entropy(zeros(5, 10), labels), ShapeError,
        r"\(5,\), one class"),
    "target first": (lambda: F.cross_entropy(labels, zeros(4, 10)), DtypeError,
        "scores come first"),
    "probabilities of scores": (lambda: F.binary_cross_entropy(ones(1) * 2, ones(1)), ValueError,
                                "use sigmoid, or the scores in binary_cross_entropy_with_logits"),
    "labels as integers": (lambda: F.binary_cross_entropy_with_logits(zeros(4), labels), DtypeError,
                           r"target is int64; convert one, as in target.to\(lucid.float32\)"),
    "a column of scores": (lambda: F.mse_loss(zeros(4, 1), zeros(4)), ShapeError,
                           r"reshape one: target.reshape\(input.shape\)"),
    # gradients
    "backward twice": (walk_twice, GradError, "retain_graph=True the first time"),
    "backward of many": (lambda: (leaf() * 2).backward(), GradError, r"call .sum\(\) first"),
    "backward without a graph": (compute_unseen, GradError, "compute outside no_grad"),
    "adding to a parameter": (lambda: leaf().add_(1), GradError, "use it inside no_grad"),
    "writing into a parameter": (lambda: write_into(leaf()), GradError, "use it inside no_grad"),
    "NumPy behind the graph": (lambda: leaf().numpy(), GradError, r"use x.detach\(\).numpy\(\)"),
    "a number of many": (lambda: zeros(3).item(), ShapeError,
        r"tolist\(\) gives all, x\[0\] takes"),
    "if of many": (lambda: bool(zeros(3) > 1), ShapeError, r"use .any\(\) or .all\(\)"),
    # building
    "a list of layers": (lambda: nn.Sequential([nn.ReLU()]), TypeError, r"Sequential\(\*layers\)"),
    "a class for a layer": (lambda: nn.Sequential(nn.ReLU), TypeError,
        r"make a layer of it: ReLU\(\)"),
    "an input for a layer": (lambda: nn.ReLU(zeros(2)), TypeError, r"as in nn.ReLU\(\)\(x\)"),
    "an input for a dropout": (lambda: nn.Dropout(0.5, zeros(2)), TypeError,
        "made first and called"),
    "an input for a loss": (lambda: nn.CrossEntropyLoss(zeros(2, 3), zeros(2).long()), TypeError,
        r"ignore_index is a Tensor of shape \(2,\); .* made first and called then"),
    "one input for a loss": (lambda: nn.MSELoss(zeros(2)), TypeError, "reduction is a Tensor"),
    "an input for its weight": (lambda: nn.BCELoss(zeros(2), zeros(2)), TypeError, "made first"),
    "an input for a margin": (lambda: nn.HingeEmbeddingLoss(zeros(2)), TypeError, "made first"),
    "an input for a slope": (lambda: nn.LeakyReLU(zeros(2)), TypeError, "made first"),
    "no super": (Headless, AttributeError, r"begin Headless.__init__ with super\(\).__init__\(\)"),
    "no forward": (lambda: type("Net", (nn.Module,), {})()(zeros(2)), NotImplementedError,
                   r"define forward\(self, x\)"),
    "half a channel": (lambda: nn.Conv2d(3, 8 / 2, 3), TypeError,
        "out_channels must be an int, not"),
    "'same' with a stride": (lambda: nn.Conv2d(3, 8, 3, 2, "same"), ValueError, "needs stride 1"),
    "groups that do not divide": (lambda: nn.Conv2d(3, 8, 3, groups=2), ValueError,
        "divisors of 3"),
    "per cent": (lambda: nn.Dropout(50), ValueError, "it must be 0 to 1"),
    "counting too early": (lambda: sum(p.numel() for p in nn.LazyLinear(3).parameters()), LazyError,
                           "run one forward or load a state dict first"),
    # training
    "nothing to learn": (lambda: optim.SGD([]), ValueError, "the model has no parameters"),
    "a model to an optimizer": (lambda: optim.SGD(nn.Linear(2, 3)), TypeError,
                                r"params is a Linear; .* use model.parameters\(\)"),
    "a method to an optimizer": (lambda: optim.SGD(nn.Linear(2, 3).parameters), TypeError,
                                 "params is a method; .* call it"),
    "a negative rate": (lambda: optim.SGD([leaf()], lr=-1), ValueError, "lr=-1 is out of range"),
    "a rate from a text": (lambda: optim.Adam([leaf()], lr="1e-3"), TypeError, "must be a number"),
    "a rate for a schedule": (lambda: optim.lr_scheduler.StepLR(0.1, 3), TypeError, "an Optimizer"),
    "samples of two sizes": (lambda: next(iter(DataLoader([zeros(3), zeros(4)], batch_size=2))),
                             ShapeError,
        "bring them to one shape, or give the DataLoader a collate"),
    "normalising an array": (lambda: T.Normalize(0.5, 0.5)(np.zeros((4, 4))), TypeError,
                             r"put ToTensor\(\) before it"),
    # files
    "other names": (lambda: nn.Linear(2, 3).load_state_dict({"w": zeros(3, 2)}), LucidError,
                    r'Missing key\(s\) in state_dict: "weight", "bias"'),
    "other sizes": (lambda: nn.Linear(2, 3, bias=False).load_state_dict({"weight": zeros(2, 3)}),
                    LucidError, r"size mismatch for weight: .* \(2, 3\) .* is \(3, 2\)"),
    "a path for a state": (lambda: nn.Linear(2, 3).load_state_dict("a.npz"), TypeError,
                           r"load_state_dict\(lucid.load\(path\)\)"),
    "a pickle": (lambda: lucid.load("model.pt"), ValueError, "safetensors.torch.save_file"),
}


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_what_to_do(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_python_may_suggest_a_name():
    for thing in (nn.Linear(2, 3), lucid):
        with pytest.raises(AttributeError) as caught:
            thing.wieght
        assert caught.value.name == "wieght" and caught.value.obj is thing
