import copy

import numpy as np
import pytest
import torch
from torch import nn

from skfake.networks.backbones import FrozenBatchNorm, densenet, freeze, resnet, vgg
from skfake.networks.compact import CompactNet
from skfake.networks.inference import InferenceNetwork
from skfake.networks.residual import ResidualNet
from skfake.networks.standardize import Standardize
from skfake.networks.study_cnn import StudyCNN

STUDY = {"n_filters": 4, "n_hidden": 8, "dropout": 0.5}
# Each with the number of its convolutions that a normalisation follows.
NETWORKS = {
    "CNN": (
        lambda: StudyCNN(2, image_size=32, n_channels=3, batch_norm=True, **STUDY),
        1,
    ),
    "CNN without normalisation": (
        lambda: StudyCNN(2, image_size=32, n_channels=3, batch_norm=False, **STUDY),
        0,
    ),
    "Compact": (lambda: CompactNet(2, n_channels=3, n_filters=(4, 8)), 5),
    "Residual": (lambda: ResidualNet(2, n_filters=(4, 8)), 5),
    "ResNet": (lambda: resnet(2, depth=18, stem="small"), 20),
    "deep ResNet": (lambda: resnet(2, depth=50, stem="imagenet"), 53),
    "VGG": (lambda: vgg(2, depth=11, batch_norm=True, n_hidden=None), 8),
    "DenseNet": (lambda: densenet(2, depth=121, stem="small"), 59),
}


def images(side=32):
    images = torch.rand(6, 3, side, side, generator=torch.Generator().manual_seed(0))
    return images.to(memory_format=torch.channels_last)


def prepare(make):
    torch.manual_seed(0)
    scale = Standardize(np.full(3, 0.5), np.full(3, 0.25))
    network = nn.Sequential(scale, make()).to(memory_format=torch.channels_last)
    # Statistics of normalisation that are not those of a new layer.
    with torch.no_grad():
        network(images())
    return network.eval()


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    make, n_fused = NETWORKS[request.param]
    return prepare(make), n_fused


def apply(network, images):
    with torch.no_grad():
        return network(images)


def n_normalisations(network):
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())


def test_logits_are_those_of_the_network(network):
    network, n_fused = network
    before = copy.deepcopy(network.state_dict())
    fast = InferenceNetwork(network).prepare()
    expected = apply(network, images())
    assert torch.allclose(fast(images()), expected, atol=1e-5)
    assert n_normalisations(network) - n_normalisations(fast.module) == n_fused
    assert all(torch.equal(before[n], t) for n, t in network.state_dict().items())


def test_bfloat16_is_nearly_the_same(network):
    network, _ = network
    rough = InferenceNetwork(network, "bfloat16").prepare()(images())
    expected = apply(network, images())
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, expected)
    assert torch.allclose(rough.softmax(1), expected.softmax(1), atol=0.02)


def test_images_of_other_sizes_may_follow():
    network = prepare(NETWORKS["Compact"][0])
    fast = InferenceNetwork(network).prepare()
    for side in (32, 31, 9):
        expected = apply(network, images(side))
        assert torch.allclose(fast(images(side)), expected, atol=1e-5)


def test_what_a_network_has_learned_since_is_taken_in():
    network = prepare(NETWORKS["Compact"][0])
    fast = InferenceNetwork(network).prepare()
    first = fast(images())
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network(images())[:, 0].sum().backward()
    optimizer.step()
    network.eval()
    assert torch.equal(fast(images()), first)
    assert torch.allclose(fast.prepare()(images()), apply(network, images()), atol=1e-5)


@pytest.mark.parametrize("name", ["layers.1.0", "layers.1.1"])
def test_weights_that_are_put_in_place_of_others_are_taken_in(name):
    network = prepare(NETWORKS["Compact"][0])
    fast = InferenceNetwork(network).prepare()
    layer = network[1].get_submodule(name)
    layer.weight = nn.Parameter(2 * layer.weight.detach())
    assert torch.allclose(fast.prepare()(images()), apply(network, images()), atol=1e-5)


def test_frozen_normalisation_is_fused_too():
    def make():
        network = resnet(2, depth=18, stem="small")
        freeze(network, "fc")
        return network

    network = prepare(make)
    assert any(isinstance(layer, FrozenBatchNorm) for layer in network.modules())
    fast = InferenceNetwork(network).prepare()
    assert n_normalisations(fast.module) == 0
    assert torch.allclose(fast(images()), apply(network, images()), atol=1e-5)


def test_maps_that_are_needed_again_stay():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(3, 3, 1)
            self.normalisation = nn.BatchNorm2d(3)

        def forward(self, images):
            maps = self.layer(images)
            return self.normalisation(maps) + maps + maps

    network = prepare(Twice)
    fast = InferenceNetwork(network).prepare()
    assert n_normalisations(fast.module) == 1
    assert torch.allclose(fast(images()), apply(network, images()), atol=1e-5)
