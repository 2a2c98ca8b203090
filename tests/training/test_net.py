import copy

import numpy as np
import pytest
import torch
from skorch.dataset import ValidSplit
from torch import nn

from skfake.networks.backbones import densenet, resnet
from skfake.networks.compact import CompactNet
from skfake.networks.study_cnn import StudyCNN
from skfake.training.batches import PixelDataset
from skfake.training.net import PixelNet, weighted_loss


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.LazyLinear(2)
    )


def net(module, **options):
    return PixelNet(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        batch_size=16,
        train_split=None,
        verbose=0,
        **options,
    )


@pytest.fixture
def initialised(stripes):
    module = network()
    module(torch.zeros(1, 3, 16, 16))
    return module


def weights(net):
    return torch.cat([p.flatten() for p in net.module_.parameters()])


def test_a_continued_fit_is_the_same_as_an_unbroken_one(stripes, initialised):
    whole = net(copy.deepcopy(initialised), max_epochs=4).fit(*stripes)
    parts = net(copy.deepcopy(initialised), max_epochs=2).fit(*stripes)
    parts.partial_fit(*stripes)
    assert torch.equal(weights(whole), weights(parts))


def test_the_seed_decides_the_order_and_what_is_dropped(stripes, initialised):
    fits = [
        net(copy.deepcopy(initialised), max_epochs=1, seed=seed).fit(*stripes)
        for seed in (0, 0, 1)
    ]
    assert torch.equal(weights(fits[0]), weights(fits[1]))
    assert not torch.equal(weights(fits[0]), weights(fits[2]))


def test_bytes_reach_the_network_as_floats_from_0_to_1(stripes):
    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, images):
            self.seen = images
            return images.flatten(1)[:, :2] * self.weight

    for images in (stripes[0], stripes[0] / np.float32(255)):
        fitted = net(Spy()).initialize()
        fitted.forward(images)
        seen = fitted.module_.seen
        expected = images[-len(seen) :].transpose(0, 3, 1, 2)
        scale = 255 if images.dtype == np.uint8 else 1
        assert np.allclose(seen, expected / scale)
        assert seen.is_contiguous(memory_format=torch.channels_last)


def test_held_out_images_are_never_trained_on(stripes, initialised):
    split = ValidSplit(0.25, stratified=True, random_state=0)
    fitted = net(initialised, max_epochs=1).set_params(train_split=split).initialize()
    train, valid = fitted.get_split_datasets(*stripes)

    def seen(part, training):
        batches = fitted.get_iterator(part, training=training)
        return {bytes(image.numpy()) for images, _ in batches for image in images}

    assert len(seen(train, training=True)) == 30
    assert len(seen(valid, training=False)) == 10
    assert not seen(train, training=True) & seen(valid, training=False)


# Weights


def criterion(**options):
    return nn.CrossEntropyLoss(label_smoothing=0.1, **options)


@pytest.mark.parametrize("of_classes", [None, torch.tensor([1.0, 2.0, 0.5])])
def test_a_weighted_loss_is_the_mean_of_weighted_losses(of_classes):
    logits, codes = torch.randn(20, 3), torch.arange(20) % 3
    loss = criterion(weight=of_classes)
    usual = loss(logits, codes)
    ones = torch.ones(20)
    torch.testing.assert_close(weighted_loss(loss, logits, codes, ones), usual)
    torch.testing.assert_close(weighted_loss(loss, logits, codes, 3 * ones), 3 * usual)
    # Images without weight count among those that the mean is over.
    half = (torch.arange(20) < 6).float()
    expected = loss(logits[:6], codes[:6])
    found = weighted_loss(loss, logits, codes, half)
    n, n_half = (
        (torch.ones(3) if of_classes is None else of_classes)[some].sum()
        for some in (codes, codes[:6])
    )
    torch.testing.assert_close(found, expected * n_half / n)


def train_weighted(module, stripes, weights, y=None, **options):
    X, codes = stripes[0], stripes[1] if y is None else y
    dataset = PixelDataset(X, codes, weights=weights)
    return net(copy.deepcopy(module), **options).fit(dataset, codes)


def test_weights_of_one_train_to_the_same_bits(stripes, initialised):
    plain = train_weighted(initialised, stripes, None, max_epochs=2)
    ones = train_weighted(initialised, stripes, np.ones(40), max_epochs=2)
    assert torch.equal(weights(plain), weights(ones))
    others = train_weighted(initialised, stripes, np.arange(40) % 3, max_epochs=2)
    assert not torch.equal(weights(plain), weights(others))


def test_images_without_weight_teach_nothing(stripes, initialised):
    X, y = stripes
    part = np.arange(40) < 20
    wrong = np.where(part, y, 1 - y)
    options = {"max_epochs": 30, "lr": 0.01}
    fitted = train_weighted(initialised, stripes, part.astype(float), wrong, **options)
    assert (fitted.predict(X) == y).mean() > 0.9
    assert (fitted.predict(X[~part]) == wrong[~part]).mean() < 0.2


@pytest.mark.parametrize("split", [None, ValidSplit(0.25, random_state=0)])
def test_recorded_losses_are_weighted_and_accuracies_are_not(
    stripes, initialised, split
):
    X, y = stripes
    of_images = np.arange(40) / 10
    initialised[3].p = 0.0
    options = {"train_split": split, "max_epochs": 1, "lr": 0.0}
    dataset = PixelDataset(X, y, weights=of_images)
    fitted = net(initialised).set_params(**options).fit(dataset, y)
    logits = torch.from_numpy(fitted.predict_logits(X))
    losses = nn.functional.cross_entropy(logits, torch.tensor(y), reduction="none")
    losses = losses.numpy() * of_images
    right = logits.argmax(1).numpy() == y
    parts = {"train": np.arange(40)}
    if split is not None:
        train, valid = fitted.get_split_datasets(dataset, y)
        parts = {"train": train.indices, "valid": valid.indices}
    for name, rows in parts.items():
        epoch = fitted.history[-1]
        assert epoch[f"{name}_loss"] == pytest.approx(losses[rows].mean(), rel=1e-4)
        assert epoch[f"{name}_accuracy"] == pytest.approx(right[rows].mean())


STUDY_CNN = {"image_size": 32, "n_channels": 3, "n_filters": 32, "n_hidden": 128}


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (StudyCNN, {**STUDY_CNN, "batch_norm": True, "dropout": 0.25}),
        (CompactNet, {"n_channels": 3, "n_filters": (48, 128)}),
        (resnet, {"depth": 18, "stem": "imagenet"}),
        (densenet, {"depth": 121, "stem": "imagenet"}),
    ],
)
def test_an_image_is_judged_alike_whatever_else_is_in_the_batch(build, settings):
    torch.manual_seed(0)
    fitted = net(build(2, **settings)).initialize()
    fitted.module_.eval()
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(19, 32, 32, 3), dtype=np.uint8)
    together = fitted.predict_logits(images)
    for n in (1, 2, 5):
        alone = fitted.predict_logits(images[:n])
        np.testing.assert_allclose(alone, together[:n], rtol=0, atol=1e-7)
