"""ResNet: counts and names of torchvision's, parity with PyTorch, and that it learns."""

import pytest
from twin import compare, cross_entropy

import lucid
from lucid.conv import receptive_field
from lucid.inspect import count_macs, count_parameters
from lucid.models import resnet, resnet18, resnet20, resnet50

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def keys(blocks, convs, first_downsamples):
    """List torchvision's keys."""
    names = ["conv1.weight", *(f"bn1.{each}" for each in NORM)]
    for group, count in enumerate(blocks, start=1):
        for block in range(count):
            place = f"layer{group}.{block}"
            for k in range(1, convs + 1):
                names += [f"{place}.conv{k}.weight", *(f"{place}.bn{k}.{each}" for each in NORM)]
            if block == 0 and (group > 1 or first_downsamples):
                names.append(f"{place}.downsample.0.weight")
                names += [f"{place}.downsample.1.{each}" for each in NORM]
    return [*names, "fc.weight", "fc.bias"]


def test_the_published_numbers_of_parameters_and_multiply_adds():
    for build, parameters, macs in ((resnet18, 11_689_512, 1.81), (resnet50, 25_557_032, 4.09)):
        model = build()
        assert count_parameters(model) == parameters
        assert round(count_macs(model, (1, 3, 224, 224)) / 1e9, 2) == macs
    assert count_parameters(resnet20()) == 269_722  # 0.27 M: table 6 of the paper
    assert round(count_macs(resnet20(), (1, 3, 32, 32)) / 1e6, 1) == 40.6


def test_the_names_are_those_of_torchvision():
    names = list(resnet18(num_classes=2).state_dict())
    assert names == keys((2, 2, 2, 2), 2, False) and len(names) == 122
    names = list(resnet50(num_classes=2).state_dict())
    assert names == keys((3, 4, 6, 3), 3, True) and len(names) == 320


def test_the_last_convolution_sees_what_is_published():
    # Araujo and others, table 1: 427 positions for ResNet-50, jump 32
    model = resnet50(num_classes=2)
    model.avgpool = lucid.nn.Identity()
    model.fc = lucid.nn.Identity()
    model.forward = lambda x: model.layer4(model.layer3(model.layer2(model.layer1(
        model.maxpool(model.relu(model.bn1(model.conv1(x))))))))
    field = receptive_field(model, (1, 3, 224, 224))
    assert field.jump == (32, 32) and field.size == (427, 427)


BUILDS = {
    "resnet20": (lambda names: names["resnet20"](), 8, 0.05),
    "resnet18": (lambda names: names["resnet18"](num_classes=10), 4, 0.01),
    "bottlenecks": (lambda names: names["ResNet"](names["Bottleneck"], (2, 1), 10), 4, 0.02),
}


@pytest.mark.parametrize("name", BUILDS)
def test_twenty_steps_equal_torch_and_learn(torch, digits, name):
    build, count, lr = BUILDS[name]
    losses, _ = compare(
        name, torch, resnet, build, cross_entropy, [digits(count)] * 20, lr=lr, weight_decay=1e-4
    )
    assert losses[-1] < 0.5 < losses[0], losses


def test_two_steps_of_resnet50_equal_torch(torch, digits):
    def build(names):
        return names["resnet50"](num_classes=10, zero_init_residual=True)

    losses, _ = compare(
        "resnet50", torch, resnet, build, cross_entropy, [digits(4)] * 2, lr=0.01
    )
    assert losses[1] < losses[0]


def test_zero_init_residual_makes_every_block_the_identity():
    model = resnet20(zero_init_residual=True)
    x = lucid.rand(2, 16, 4, 4)
    assert lucid.allclose(model.layer1(x), x)
