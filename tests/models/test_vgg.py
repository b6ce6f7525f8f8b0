"""VGG: counts and names of torchvision's, parity with PyTorch, and that it learns."""

import pytest
from twin import compare, cross_entropy

from lucid.inspect import count_macs, count_parameters
from lucid.models import VGG, vgg, vgg11, vgg16, vgg_cifar


def keys(convs, norms=False):
    """List torchvision's keys: at which places of features the convolutions stand."""
    names = []
    for place in convs:
        names += [f"features.{place}.weight", f"features.{place}.bias"]
        if norms:
            names += [f"features.{place + 1}.{each}" for each in
                      ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")]
    return names + [f"classifier.{n}.{each}" for n in (0, 3, 6) for each in ("weight", "bias")]


PLAIN = {11: (0, 3, 6, 8, 11, 13, 16, 18), 16: (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)}
NORMED = {11: (0, 4, 8, 11, 15, 18, 22, 25)}


@pytest.fixture(scope="module")
def large():
    return vgg16()


def test_the_published_number_of_parameters_and_multiply_adds(large):
    assert count_parameters(large) == 138_357_544  # torchvision: vgg16
    assert round(count_macs(large, (1, 3, 224, 224)) / 1e9, 2) == 15.47
    # vgg11 has the same classifier, so its convolutions are what differs: 132,863,336 in all
    features = count_parameters(VGG(11, small=True).features)
    assert features + count_parameters(large.classifier) == 132_863_336


def test_the_names_are_those_of_torchvision(large):
    assert list(large.state_dict()) == keys(PLAIN[16])
    assert [name for name in vgg11(small=True).state_dict() if name.startswith("features")] == [
        name for name in keys(PLAIN[11]) if name.startswith("features")]
    small = vgg11(small=True, batch_norm=True).state_dict()
    assert [name for name in small if name.startswith("features")] == [
        name for name in keys(NORMED[11], norms=True) if name.startswith("features")]


def test_the_variant_for_small_images():
    assert count_parameters(vgg_cifar()) == 14_728_266


def test_twenty_steps_equal_torch_and_learn(torch, digits):
    batches = [digits(2)] * 20
    losses, _ = compare(
        "vgg", torch, vgg, lambda names: names["vgg_cifar"](depth=11), cross_entropy, batches,
        lr=0.01,
    )
    assert losses[-1] < 0.5 < losses[0], losses


def test_another_depth_is_refused():
    with pytest.raises(ValueError, match="depth=13 is not there; choose 11 or 16"):
        VGG(13)
