"""The networks of lucid.models in PyTorch: the same source, with the other library's names.

What PyTorch's losses are is kept in models/reference.json, for where it is not installed;
tools/make_model_reference.py writes them.
"""

import inspect
import json
from pathlib import Path

import numpy as np

import lucid

REFERENCE = Path(__file__).parent / "models" / "reference.json"
STORED = json.loads(REFERENCE.read_text(encoding="utf-8")) if REFERENCE.exists() else {}
FOUND = {}  # the losses of PyTorch in this run, by case

NAMES = {
    "import lucid.nn.functional as F": "import torch.nn.functional as F",
    "import lucid.nn as nn": "import torch.nn as nn",
    "import lucid\n": "import torch as lucid\n",
}


def twin(module):
    """Run the source of a module of networks with PyTorch; return its names."""
    source = inspect.getsource(module)
    for ours, theirs in NAMES.items():
        source = source.replace(ours, theirs)
    names = {"__name__": f"twin of {module.__name__}"}
    exec(compile(source, names["__name__"], "exec"), names)
    return names


def copy_weights(torch, ours, theirs):
    """Load lucid's state dict into PyTorch: every name and shape must be there."""
    state = {name: torch.tensor(x.numpy()) for name, x in ours.state_dict().items()}
    theirs.load_state_dict(state)


def train(library, model, loss_of, batches, optimizer="SGD", training=True, **options):
    """Take a step for each batch of arrays; return the losses before the steps."""
    model.train(training)
    if optimizer == "SGD":
        options = {"lr": 0.05, "momentum": 0.9, **options}
    teacher = getattr(library.optim, optimizer)(model.parameters(), **options)
    losses = []
    for batch in batches:
        loss = loss_of(model, *map(library.tensor, batch))
        teacher.zero_grad()
        loss.backward()
        teacher.step()
        losses.append(loss.item())
    return np.array(losses)


def hold(case, losses, wanted):
    """Hold losses against PyTorch's of this run, if there are some, and against the stored ones."""
    if wanted is not None:
        FOUND[case] = np.asarray(wanted).tolist()
        np.testing.assert_allclose(losses, wanted, rtol=0, atol=1e-4)
    assert case in STORED, f"run tools/make_model_reference.py: it knows no case {case!r}"
    np.testing.assert_allclose(losses, STORED[case], rtol=0, atol=1e-4)


def compare(case, torch, module, build, loss_of, batches, double=True, **options):
    """Train in lucid and, where it is installed, in PyTorch; return lucid's losses and model.

    `case` names the stored losses, None if there are none. `build` gets the names of the module, or
    of its twin, and returns the model; ``loss_of(library)`` returns a function of the model and a
    batch. In float32 the batch norms of a small batch enlarge rounding within a few steps to more
    than 1e-4, in both libraries; hence `double`.
    """
    if double:
        batches = [[x.astype(float) if x.dtype.kind == "f" else x for x in batch]
                   for batch in batches]
    lucid.manual_seed(0)
    ours = build(vars(module))
    ours = ours.double() if double else ours
    if torch is not None:
        theirs = build(twin(module))
        theirs = theirs.double() if double else theirs
        copy_weights(torch, ours, theirs)
    losses, wanted = train(lucid, ours, loss_of(lucid), batches, **options), None
    if torch is not None:
        wanted = train(torch, theirs, loss_of(torch), batches, **options)
    if case is not None:
        hold(case, losses, wanted)
    return losses, ours


def cross_entropy(library):
    """Make the loss of a classifier: scores (N, classes, *), targets (N, *)."""
    return lambda model, x, target: library.nn.functional.cross_entropy(model(x), target)
