"""Lines that stand in every course, run as they are: `L` is lucid, then PyTorch; both agree."""

import numpy as np
import pytest

import lucid

IDIOMS = {}


def idiom(function):
    IDIOMS[function.__name__] = function
    return function


def known(L, model):
    """Give the parameters values that are the same in both libraries."""
    for parameter in model.parameters():
        values = np.cos(np.arange(parameter.numel(), dtype=np.float32))
        parameter.data = L.tensor(values.reshape(tuple(parameter.shape)))
    return model


def waves(L, *shape):
    return L.tensor(np.sin(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape))


@idiom
def residual_in_place(L):
    conv, norm = known(L, L.nn.Conv2d(3, 3, 3, padding=1)), L.nn.BatchNorm2d(3)
    x = waves(L, 2, 3, 8, 8)
    out = norm(conv(x))
    out += x
    L.nn.functional.relu(out).sum().backward()
    return conv.bias.grad.shape


@idiom
def rectifier_in_place(L):
    model = L.nn.Sequential(known(L, L.nn.Conv2d(1, 2, 3)), L.nn.ReLU(inplace=True))
    return model(waves(L, 1, 1, 5, 5)).sum().item()


@idiom
def total_loss(L):
    model, total = known(L, L.nn.Linear(2, 1)), 0.0
    for _ in range(3):
        total += model(L.ones(1, 2)).sum()
    total.backward()
    return model.weight.grad.tolist()


@idiom
def adversarial_image(L):
    x, model = waves(L, 1, 1, 5, 5), known(L, L.nn.Conv2d(1, 1, 3))
    x.requires_grad = True
    model(x).sum().backward()
    return (x + 0.1 * x.grad.sign()).clamp(0, 1).detach().numpy().tolist()


@idiom
def descent_by_hand(L):
    w = L.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        (w**2).sum().backward()
        with L.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
    return w.tolist()


@idiom
def descent_through_data(L):
    w = L.tensor([1.0, 2.0], requires_grad=True)
    (w**2).sum().backward()
    w.data -= 0.1 * w.grad.data
    w.grad = None
    return w.tolist(), w.requires_grad


@idiom
def clipped_weights(L):
    model = known(L, L.nn.Linear(2, 2))
    for p in model.parameters():
        p.data.clamp_(-0.01, 0.01)
    return model.weight.tolist()


@idiom
def accuracy(L):
    model, labels = known(L, L.nn.Linear(4, 3)), L.arange(8) % 3
    scores = model(waves(L, 8, 4))
    _, predicted = scores.max(1)
    correct = (predicted == labels).sum().item()
    return correct, (scores.argmax(dim=1) == labels).float().mean().item()


@idiom
def accuracy_by_view_as(L):
    scores, target = waves(L, 8, 4), L.arange(8) % 4
    pred = scores.argmax(dim=1, keepdim=True)
    return pred.eq(target.view_as(pred)).sum().item()


@idiom
def accuracy_of_the_best_k(L):
    output, target = waves(L, 8, 4), L.arange(8) % 4
    _, pred = output.topk(3, 1, True, True)
    correct = pred.t().eq(target.view(1, -1).expand_as(pred.t()))
    found = [correct[:k].reshape(-1).float().sum(0, keepdim=True) for k in (1, 3)]
    return [each.mul_(100.0 / target.size(0)).item() for each in found]


@idiom
def axes_by_numpys_names(L):
    x = waves(L, 3, 4)
    shares = L.exp(x) / L.exp(x).sum(axis=1, keepdims=True)
    return shares.tolist(), x.argmax(axis=1).tolist(), x.mean(axis=0).tolist()


@idiom
def short_names_of_types(L):
    label = L.full((2,), 1.0, dtype=L.float)
    return label.tolist(), L.zeros(2, dtype=L.long).tolist(), L.ones(1, dtype=L.double).tolist()


@idiom
def device(L):
    chosen = L.device("cpu")
    model = known(L, L.nn.Linear(2, 2)).to(chosen)
    return model(L.ones(1, 2).to(chosen)).detach().cpu().numpy().tolist()


@idiom
def batch_to_device(L):
    chosen = L.device("cpu")
    x = waves(L, 2, 3).to(chosen, non_blocking=True)
    return x.to(device=chosen, dtype=L.float64, non_blocking=True).tolist()


@idiom
def flattened_by_size(L):
    x = L.zeros(4, 3, 2, 2)
    return tuple(x.view(x.size(0), -1).shape), tuple(L.flatten(x, 1).shape)


@idiom
def initialised_by_apply(L):
    def start(module):
        if isinstance(module, (L.nn.Conv2d, L.nn.Linear)):
            L.nn.init.constant_(module.weight, 0.5)
            L.nn.init.zeros_(module.bias)

    model = L.nn.Sequential(L.nn.Conv2d(1, 2, 3), L.nn.Flatten(), L.nn.Linear(2, 1))
    model.apply(start)
    return [p.sum().item() for p in model.parameters()]


@idiom
def frozen_layers(L):
    model = known(L, L.nn.Sequential(L.nn.Linear(2, 3), L.nn.Linear(3, 1)))
    for p in model[0].parameters():
        p.requires_grad = False
    left = filter(lambda p: p.requires_grad, model.parameters())
    optimizer = L.optim.SGD(left, lr=0.1, momentum=0.9)
    model(L.ones(1, 2)).sum().backward()
    optimizer.step()
    return model[0].weight.grad, model[1].weight.tolist()


@idiom
def groups_of_rates(L):
    model = known(L, L.nn.Sequential(L.nn.Linear(2, 3), L.nn.Linear(3, 1)))
    optimizer = L.optim.AdamW(
        [{"params": model[0].parameters(), "lr": 1e-4}, {"params": model[1].parameters()}], lr=1e-2
    )
    scheduler = L.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    for _ in range(3):
        optimizer.zero_grad(set_to_none=True)
        model(L.ones(1, 2)).sum().backward()
        L.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        scheduler.step()
    return scheduler.get_last_lr(), model[1].weight.tolist()


@idiom
def activations_by_hook(L):
    model, kept = L.nn.Sequential(known(L, L.nn.Conv2d(1, 2, 3)), L.nn.ReLU()), {}
    model[0].register_forward_hook(lambda module, inputs, y: kept.setdefault("conv", y.detach()))
    model(waves(L, 1, 1, 5, 5))
    return kept["conv"].numpy().tolist()


@idiom
def gradient_penalty(L):
    critic, x = known(L, L.nn.Linear(3, 1)), waves(L, 4, 3)
    x.requires_grad_(True)
    scores = critic(x)
    gradients = L.autograd.grad(
        outputs=scores, inputs=x, grad_outputs=L.ones_like(scores), create_graph=True,
        retain_graph=True, only_inputs=True,
    )[0]
    (10 * ((gradients.norm(2, dim=1) - 1) ** 2).mean()).backward()
    return critic.weight.grad.tolist()


@idiom
def detached_generator(L):
    draw, judge = known(L, L.nn.Linear(2, 3)), known(L, L.nn.Linear(3, 1))
    loss_of, noise = L.nn.BCEWithLogitsLoss(), waves(L, 4, 2)
    fake = draw(noise)
    loss_of(judge(fake.detach()), L.zeros(4, 1)).backward()
    before = draw.weight.grad
    loss_of(judge(fake), L.ones(4, 1)).backward()
    return before, draw.weight.grad.tolist()


@idiom
def reparametrisation(L):
    mean, log_variance = (waves(L, 2, 3).requires_grad_() for _ in range(2))
    z = mean + L.exp(0.5 * log_variance) * waves(L, 2, 3)
    loss = -0.5 * L.sum(1 + log_variance - mean.pow(2) - log_variance.exp()) + z.sum()
    loss.backward()
    return mean.grad.tolist(), log_variance.grad.tolist()


@idiom
def gram_matrices(L):
    x = waves(L, 2, 4, 5, 5)
    n, c, h, w = x.size()
    features = x.view(n, c, h * w)
    return (L.bmm(features, features.transpose(1, 2)) / (c * h * w)).tolist()


@idiom
def segmentation(L):
    scores, masks = waves(L, 2, 3, 4, 4), L.arange(32).reshape(2, 4, 4) % 3
    loss = L.nn.functional.cross_entropy(scores, masks, ignore_index=0)
    found = L.softmax(scores, dim=1)[:, 1]
    dice = 2 * (found * (masks == 1)).sum() / (found.sum() + (masks == 1).sum())
    return loss.item(), dice.item()


@idiom
def skip_connection(L):
    up = known(L, L.nn.ConvTranspose2d(4, 2, kernel_size=2, stride=2))
    x, before = waves(L, 1, 4, 3, 3), waves(L, 1, 2, 6, 6)
    joined = L.cat([up(x), before], dim=1)
    grown = L.nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return tuple(joined.shape), joined.sum().item(), grown.sum().item()


@idiom
def squeeze_and_excite(L):
    x = waves(L, 2, 4, 3, 3)
    scale = L.sigmoid(L.nn.AdaptiveAvgPool2d(1)(x))
    return (x * scale).sum().item()


@idiom
def causal_convolution(L):
    conv, x = known(L, L.nn.Conv1d(2, 4, 2, dilation=4)), waves(L, 1, 2, 12)
    y = conv(L.nn.functional.pad(x, (4, 0)))
    gate, filtered = y.chunk(2, dim=1)
    return (L.tanh(filtered) * L.sigmoid(gate)).tolist()


@idiom
def windows_for_a_convolution(L):
    x, weight = waves(L, 2, 3, 6, 6), waves(L, 4, 3, 3, 3)
    columns = L.nn.functional.unfold(x, kernel_size=3, padding=1)
    y = (weight.view(4, -1) @ columns).view(2, 4, 6, 6)
    wanted = L.nn.functional.conv2d(x, weight, padding=1)
    return L.allclose(y, wanted, atol=1e-4)


@idiom
def masks_and_indices(L):
    x = waves(L, 4, 5)
    x[x < 0] = 0
    x[:, 1] = x[:, 1] * 2
    x[0] += 1
    rows = L.arange(4)
    return x.tolist(), x[rows, L.tensor([0, 1, 2, 3])].tolist(), x[[0, 2]].sum().item()


@idiom
def hinge_by_hand(L):
    scores, y = waves(L, 5, 3), L.tensor([0, 1, 2, 0, 1])
    right = scores[L.arange(5), y].unsqueeze(1)
    margins = L.clamp(scores - right + 1, min=0)
    margins[L.arange(5), y] = 0
    return margins.sum().item() / 5


@idiom
def statistics(L):
    x = waves(L, 4, 3, 2, 2)
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    var = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    return ((x - mean) / L.sqrt(var + 1e-5)).std().item(), f"{mean.sum().item():.4f}"


@idiom
def counted_parameters(L):
    model = L.nn.Sequential(L.nn.Conv2d(3, 8, 3), L.nn.BatchNorm2d(8), L.nn.Linear(8, 2))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@idiom
def printed_model(L):
    return str(L.nn.Sequential(L.nn.Conv2d(1, 2, 3, stride=2), L.nn.ReLU(), L.nn.Linear(8, 2)))


@idiom
def layers_in_a_class(L):
    class Net(L.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = L.nn.ModuleList([L.nn.Linear(3, 3) for _ in range(2)])
            self.register_buffer("seen", L.zeros(1))
            self.scale = L.nn.Parameter(L.ones(1))

        def forward(self, x):
            for layer in self.layers:
                x = L.relu(layer(x)) * self.scale
            return x

    net = known(L, Net()).eval()
    with L.no_grad():
        y = net(L.ones(1, 3))
    return list(net.state_dict()), y.tolist(), y.requires_grad, net.training


@idiom
def numbers_in_python(L):
    x = L.tensor([1.0, 4.0])
    results = x**0.5, 1 / x, -x, abs(-x), 2 - x, 2**x, x // 3, x % 3, x / 2
    return [each.tolist() for each in results], len(x), float(x[0]), int(x[1]), f"{x[0]:.3f}"


@idiom
def batches(L):
    utils = L.utils.data
    pairs = utils.TensorDataset(waves(L, 10, 3), L.arange(10))
    train, test = utils.random_split(pairs, [8, 2])
    loader = utils.DataLoader(pairs, batch_size=4, shuffle=False, num_workers=0, pin_memory=False,
                              drop_last=True)
    return len(train), len(test), len(loader), [y.tolist() for _, (_, y) in enumerate(loader)]


@idiom
def a_data_set_of_ones_own(L):
    class Squares(L.utils.data.Dataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return L.tensor([float(index)]), index**2

    return [y.tolist() for _, y in L.utils.data.DataLoader(Squares(), batch_size=2)]


def same(found, wanted):
    """Compare nested results, numbers within rounding."""
    if isinstance(wanted, (list, tuple)):
        assert len(found) == len(wanted)
        for pair in zip(found, wanted, strict=True):
            same(*pair)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    else:
        assert found == wanted


@pytest.mark.parametrize("name", IDIOMS)
def test_a_line_of_a_course_runs_as_it_stands(name, torch):
    found = IDIOMS[name](lucid)
    if torch is not None:
        same(found, IDIOMS[name](torch))
