"""Where the time of a training step goes: a table by operation for each network.

    python -m benchmarks profile [--filter resnet] [--threads 1] [--quick] [--json FILE]

The networks are those of `steps` and of `lucid.models`. Each row is one class of step, whether it
ran forward or as the derivative of another, or a kernel that a derivative calls itself; *inside* is
the share of its time in the compiled loops with their doors, and the rest is NumPy's. What is in no
row is Python's: layers, the walk backward, and the memory it finds cold after every kernel.
"""

import json
import time
from collections import defaultdict
from functools import wraps

import numpy as np

import lucid
import lucid.nn.functional as F
from benchmarks.networks import NETWORKS
from lucid import kernels, models

SHOWN = 12  # operations; what is left is one row


class Clock:
    """Seconds and calls by operation, measured by wrapping every step and every kernel."""

    def __init__(self):
        self.seconds, self.inside, self.calls = (defaultdict(float) for _ in range(3))
        self.kernel_seconds = 0.0
        self.is_in_step = False
        doors = [
            kernels, kernels.activation, kernels.normalization, kernels.pooling, kernels.softmax,
        ]
        for door in doors:
            for name in door.__all__:
                each = getattr(door, name)
                if callable(each) and (door is not kernels or name.startswith("conv")):
                    setattr(door, name, self.kernel(each))
        for name in kernels.optim.__all__:
            kernel = self.kernel(getattr(kernels.optim, name))
            setattr(kernels.optim, name, self.step("optimizer", kernel))
        for cls in subclasses(lucid.autograd.Function):
            if "forward" in cls.__dict__:
                cls.forward = self.step(cls.__name__, cls.forward)

    def kernel(self, function):
        """Add the time of a call to that of the kernels; outside all steps it is a row itself."""
        @wraps(function)
        def timed(*args, **kwargs):
            start = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                seconds = time.thread_time() - start
                self.kernel_seconds += seconds
                if not self.is_in_step:
                    self.seconds[function.__name__] += seconds
                    self.inside[function.__name__] += seconds
                    self.calls[function.__name__] += 1
        return timed

    def step(self, name, function):
        """Add the time of a call to that of an operation."""
        @wraps(function)
        def timed(*args, **kwargs):
            before, start, self.is_in_step = self.kernel_seconds, time.thread_time(), True
            try:
                return function(*args, **kwargs)
            finally:
                self.is_in_step = False
                self.seconds[name] += time.thread_time() - start
                self.inside[name] += self.kernel_seconds - before
                self.calls[name] += 1
        return timed

    def clear(self):
        """Begin anew."""
        for table in (self.seconds, self.inside, self.calls):
            table.clear()


def subclasses(cls):
    """List a class and all that are derived from it."""
    return [cls] + [each for child in cls.__subclasses__() for each in subclasses(child)]


def examples():
    """Give (name, model, inputs, loss of the result, optimizer's name and options) of each."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return lucid.from_numpy(rng.standard_normal(shape, dtype=np.float32))

    def classes(*shape, count=10):
        return lucid.from_numpy(rng.integers(0, count, shape))

    def entropy(*shape, **options):
        target = classes(*shape, **options)
        return lambda y: F.cross_entropy(y, target)

    for each in NETWORKS:
        if each.y_shape:
            target = normal(*each.y_shape)
            loss = lambda y, target=target: F.mse_loss(y, target)
        else:
            loss = entropy(each.x_shape[0])
        x = normal(*each.x_shape)
        yield each.name, each.build(lucid), x, loss, each.optimizer, each.options
    sgd = "SGD", {"lr": 0.01, "momentum": 0.9}
    adam = "Adam", {"lr": 1e-3}
    photos = normal(4, 3, 64, 64)
    yield "LeNet5", models.LeNet5(), normal(64, 1, 32, 32), entropy(64), *sgd
    yield "vgg_cifar", models.vgg_cifar(11), normal(16, 3, 32, 32), entropy(16), *sgd
    yield "resnet18", models.resnet18(10), photos, entropy(4), *sgd
    yield "resnet50", models.resnet50(10), photos, entropy(4), *sgd
    yield "MobileNetV1", models.MobileNetV1(10), photos, entropy(4), *sgd
    yield "MobileNetV2", models.MobileNetV2(10), photos, entropy(4), *sgd
    yield "MobileNetV3", models.MobileNetV3("small", 10), photos, entropy(4), *sgd
    yield "UNet", models.UNet(width=16, levels=3), normal(1, 1, 124, 124), segment(classes), *sgd
    yield "UNet3d", models.UNet3d(1, 3, 8), normal(1, 1, 24, 24, 24), segment(classes), *sgd
    noise = normal(16, 100, 1, 1)
    yield "Generator", models.Generator(), noise, lambda y: (y * y).mean(), *adam
    yield "Discriminator", models.Discriminator(), normal(16, 3, 64, 64), lambda y: y.mean(), *adam
    critic, real, drawn = models.Critic(), normal(8, 3, 64, 64), normal(8, 3, 64, 64)
    mix = lucid.rand(8, 1, 1, 1)
    yield ("Critic and penalty", critic, real,
           lambda y: y.mean() + 10 * models.gradient_penalty(critic, real, drawn, mix), *adam)
    x = lucid.rand(32, 1, 32, 32)
    yield "VAE", models.VAE(), x, lambda y: models.vae_loss(y[0], x, *y[1:]), *adam
    sound = normal(2, 16, 2048)
    wave = models.WaveNet(in_channels=16, num_classes=16, channels=32, layers=8)
    yield "WaveNet", wave, sound, segment(lambda *s, count: classes(*s, count=16)), *adam


def segment(classes):
    """Make a loss that compares every position with a class."""
    targets = {}

    def loss(y):
        shape = y.shape[:1] + y.shape[2:]
        if shape not in targets:
            targets[shape] = classes(*shape, count=y.shape[1])
        return F.cross_entropy(y, targets[shape])

    return loss


def measure(clock, model, x, loss, optimizer, rounds):
    """Train a few times; give the milliseconds of a step and those of each operation."""
    def step():
        optimizer.zero_grad()
        loss(model(x)).backward()
        optimizer.step()

    step()
    step()
    clock.clear()
    start = time.thread_time()
    for _ in range(rounds):
        step()
    scale = 1e3 / rounds
    total = (time.thread_time() - start) * scale
    rows = [(name, clock.calls[name] / rounds, seconds * scale, clock.inside[name] * scale)
            for name, seconds in clock.seconds.items()]
    rows.sort(key=lambda row: -row[2])
    return total, rows


def show(name, total, rows):
    """Print the table of one network; return its figures."""
    inside = sum(row[3] for row in rows)
    numpy = sum(row[2] for row in rows) - inside
    print(f"\n{name}: {total:.2f} ms a step, {100 * inside / total:.0f} % in kernels, "
          f"{100 * numpy / total:.0f} % in NumPy, "
          f"{100 * (total - inside - numpy) / total:.0f} % in Python")
    print(f"  {'operation':22}{'calls':>7}{'ms':>10}{'share':>8}{'inside':>8}")
    rest = ["others", *(sum(row[place] for row in rows[SHOWN:]) for place in (1, 2, 3))]
    for label, calls, milliseconds, part in [*rows[:SHOWN], rest]:
        if milliseconds:
            print(f"  {label:22}{calls:7.0f}{milliseconds:10.3f}"
                  f"{100 * milliseconds / total:6.1f} %{100 * part / milliseconds:6.0f} %")
    return {"network": name, "milliseconds": total, "kernels": inside, "numpy": numpy,
            "operations": rows}


def main(options):
    """Profile all chosen networks."""
    lucid.set_num_threads(options.threads)
    lucid.manual_seed(0)
    clock, found = Clock(), []
    for name, model, x, loss, optimizer, settings in examples():
        if options.filter in name:
            optimizer = getattr(lucid.optim, optimizer)(model.parameters(), **settings)
            rounds = 3 if options.quick else 10
            found.append(show(name, *measure(clock, model, x, loss, optimizer, rounds)))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)
