import numpy as np
import pytest
import torch
from torch import nn

from skfake.networks.compact import CompactNet, smallest_size
from skfake.networks.standardize import Standardize
from skfake.networks.study_cnn import SMALLEST_SIZE, StudyCNN

SETTINGS = {"n_filters": 32, "n_hidden": 128, "batch_norm": True, "dropout": 0.5}


def test_standardised_channels_have_mean_zero_and_deviation_one():
    images = torch.rand(8, 3, 5, 5) * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)
    out = Standardize(mean.numpy(), std.numpy())(images)
    assert torch.allclose(out.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(out.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_images_are_standardised_in_any_layout(layout):
    mean, std = np.array([0.1, 0.2, 0.3]), np.array([0.5, 1.0, 2.0])
    images = torch.rand(2, 3, 4, 5).to(memory_format=layout)
    wanted = (images - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(
        3, 1, 1
    )
    out = Standardize(mean, std)(images)
    assert torch.allclose(out, wanted.float())
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_a_channel_of_one_colour_becomes_zero():
    layer = Standardize(np.array([0.5]), np.array([0.0]))
    assert (layer(torch.full((2, 1, 4, 4), 0.5)) == 0).all()


def test_the_study_s_network_is_one_convolution_and_two_dense_layers():
    network = StudyCNN(2, image_size=32, n_channels=1, **SETTINGS)
    layers = [m for m in network if isinstance(m, nn.Conv2d | nn.MaxPool2d | nn.Linear)]
    assert [type(layer).__name__ for layer in layers] == [
        "Conv2d",
        "MaxPool2d",
        "Linear",
        "Linear",
    ]
    assert layers[0].weight.shape == (32, 1, 3, 3)
    assert layers[2].in_features == 32 * 15 * 15


def test_the_study_s_network_pools_what_its_relu_leaves():
    network = StudyCNN(2, image_size=8, n_channels=1, **SETTINGS).eval()
    values = network[1](network[0](torch.randn(4, 1, 8, 8)))
    wanted = nn.functional.max_pool2d(values.relu(), 2)
    assert torch.equal(network[3](network[2](values)), wanted)


@pytest.mark.parametrize("image_size", [SMALLEST_SIZE, 7, 32, 64])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_logits_come_for_every_size(image_size, n_channels):
    network = StudyCNN(5, image_size=image_size, n_channels=n_channels, **SETTINGS)
    assert network(torch.zeros(2, n_channels, image_size, image_size)).shape == (2, 5)


def test_batch_normalisation_can_be_left_out():
    settings = {**SETTINGS, "batch_norm": False}
    network = StudyCNN(2, image_size=8, n_channels=1, **settings)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in network)


@pytest.mark.parametrize("n_filters", [(4,), (4, 6), (4, 6, 8)])
@pytest.mark.parametrize("image_size", [None, 8, 32, 45])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_compact_network_takes_every_size(image_size, n_channels, n_filters):
    image_size = image_size or smallest_size(len(n_filters))
    network = CompactNet(5, n_channels=n_channels, n_filters=n_filters)
    images = torch.zeros(2, n_channels, image_size, image_size + 1)
    assert network(images).shape == (2, 5)
    network(images).sum().backward()


@pytest.mark.parametrize("n_filters", [(4, 6), (4, 6, 8)])
def test_the_compact_network_does_not_take_fewer_pixels(n_filters):
    network = CompactNet(2, n_channels=3, n_filters=n_filters)
    size = smallest_size(len(n_filters)) - 1
    with pytest.raises(RuntimeError):
        network(torch.zeros(2, 3, size, size))


def test_the_compact_network_is_small():
    network = CompactNet(2, n_channels=3, n_filters=(48, 128))
    assert sum(p.numel() for p in network.parameters()) == 250_466


def test_gradients_of_the_compact_network_are_in_the_layout_of_its_maps():
    network = CompactNet(2, n_channels=3, n_filters=(4, 8))
    network.to(memory_format=torch.channels_last)
    gradients = []
    network.layers.register_full_backward_hook(
        lambda layers, given, taken: gradients.extend(taken)
    )
    images = torch.rand(2, 3, 16, 16).to(memory_format=torch.channels_last)
    network(images.requires_grad_()).sum().backward()
    [gradient] = gradients
    assert gradient.is_contiguous(memory_format=torch.channels_last)
