"""MobileNets: published counts, names of torchvision's, parity with PyTorch, learning."""

import pytest
from twin import compare, cross_entropy

from lucid.inspect import count_macs, count_parameters
from lucid.models import MobileNetV1, MobileNetV2, MobileNetV3, mobilenet

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
COUNTS = {  # parameters, millions of multiply-adds at 224 x 224: the papers and torchvision
    "v1": (MobileNetV1, 4_231_976, 569), "v2": (MobileNetV2, 3_504_872, 301),
    "v3 large": (lambda: MobileNetV3("large"), 5_483_032, 217),
    "v3 small": (lambda: MobileNetV3("small"), 2_542_856, 57),
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_published_numbers(name):
    build, parameters, macs = COUNTS[name]
    model = build()
    assert count_parameters(model) == parameters
    assert round(count_macs(model, (1, 3, 224, 224)) / 1e6) == macs


def conv_norm(place):
    return [f"{place}.0.weight", *(f"{place}.1.{each}" for each in NORM)]


def test_the_names_of_v2_are_those_of_torchvision():
    names = conv_norm("features.0")
    for block in range(1, 18):
        place = f"features.{block}.conv"
        names += conv_norm(f"{place}.0")
        last = 1
        if block > 1:  # the first block has no 1 x 1 convolution that makes it wide
            names += conv_norm(f"{place}.1")
            last = 2
        names += [f"{place}.{last}.weight", *(f"{place}.{last + 1}.{each}" for each in NORM)]
    names += [*conv_norm("features.18"), "classifier.1.weight", "classifier.1.bias"]
    assert list(MobileNetV2().state_dict()) == names and len(names) == 314


def test_the_names_of_v3_are_those_of_torchvision():
    squeezed = {"small": {1, 4, 5, 6, 7, 8, 9, 10, 11}, "large": {4, 5, 6, 11, 12, 13, 14, 15}}
    narrow = {"small": {1}, "large": {1}}  # blocks that are as wide inside as outside
    for size, count, total in (("small", 11, 244), ("large", 15, 312)):
        names = conv_norm("features.0")
        for block in range(1, count + 1):
            place, k = f"features.{block}.block", 0
            if block not in narrow[size]:
                names += conv_norm(f"{place}.{k}")
                k += 1
            names += conv_norm(f"{place}.{k}")
            if block in squeezed[size]:
                k += 1
                for n in (1, 2):
                    names += [f"{place}.{k}.fc{n}.weight", f"{place}.{k}.fc{n}.bias"]
            names += conv_norm(f"{place}.{k + 1}")
        names += conv_norm(f"features.{count + 1}")
        names += [f"classifier.{n}.{each}" for n in (0, 3) for each in ("weight", "bias")]
        assert list(MobileNetV3(size).state_dict()) == names and len(names) == total


BUILDS = {
    "v1": lambda names: names["MobileNetV1"](10, width=0.25),
    "v2": lambda names: names["MobileNetV2"](10, width=0.25, dropout=0.0),
    "v3": lambda names: names["MobileNetV3"]("small", 10, dropout=0.0),
}


@pytest.mark.parametrize("name", BUILDS)
def test_twenty_steps_equal_torch(torch, digits, name):
    # With batch statistics of 8 items at 1 x 1 pixels, 27 norms one behind another enlarge rounding
    # 100 times a step, in PyTorch against itself too; so the first steps train with the statistics
    # of the batch, and twenty with the running ones.
    batches = [digits(8)] * 20
    build, case = BUILDS[name], f"mobilenet {name}"
    compare(f"{case}, training", torch, mobilenet, build, cross_entropy, batches[:3], lr=0.005)
    losses, _ = compare(
        case, torch, mobilenet, build, cross_entropy, batches, lr=0.005, training=False
    )
    assert losses[-1] < losses[0], losses


RATES = {"v1": 0.1, "v2": 0.05, "v3": 0.1}  # with these no loss swings back, momentum makes it


@pytest.mark.parametrize("name", BUILDS)
def test_twenty_steps_learn(digits, name):
    losses, _ = compare(
        None, None, mobilenet, BUILDS[name], cross_entropy, [digits(8)] * 20,
        lr=RATES[name], momentum=0.0,
    )
    assert losses[-1] < 0.8 < losses[0], losses


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="size='medium' is unknown; choose 'large' or 'small'"):
        MobileNetV3("medium")


def test_width_rounds_channels_to_multiples_of_eight():
    assert [mobilenet.rounded(n) for n in (3, 8, 11, 12, 17, 90)] == [8, 8, 16, 16, 16, 88]
