"""LeNet-5: its count, its parity with PyTorch, and that it learns to read."""

import numpy as np
from twin import compare, cross_entropy, train

import lucid
from lucid.inspect import count_macs, count_parameters
from lucid.models import LeNet5, lenet


def test_the_number_of_parameters():
    assert count_parameters(LeNet5()) == 61_706
    # layer by layer: C1 156, C3 with all maps 2416, C5 48120, F6 10164, output 850
    assert [p.numel() for p in LeNet5().parameters()][::2] == [150, 2400, 48000, 10080, 840]


def test_the_multiply_adds_of_the_figure():
    # 28*28*6*25 + 10*10*16*150 + 400*120 + 120*84 + 84*10
    assert count_macs(LeNet5(), (1, 1, 32, 32)) == 416_520


def test_twenty_steps_equal_torch_and_learn(torch, digits):
    batches = [digits(16, channels=1)] * 20
    losses, _ = compare(
        "lenet", torch, lenet, lambda names: names["LeNet5"](), cross_entropy, batches, lr=0.2,
        double=False,
    )
    assert losses[-1] < 0.5 < losses[0], losses


def test_it_learns_to_read_digits(digits):
    lucid.manual_seed(0)
    model = LeNet5()
    batches = [digits(16, channels=1, start=16 * step) for step in range(89)]
    train(lucid, model, cross_entropy(lucid), batches, optimizer="Adam", lr=2e-3)
    images, labels = digits(360, channels=1, start=1437)
    with lucid.no_grad():
        right = model.eval()(lucid.tensor(images)).argmax(1).numpy() == labels
    assert np.mean(right) > 0.8
