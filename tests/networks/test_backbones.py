import pickle
from copy import deepcopy
from functools import partial

import pytest
import torch
from torch import nn
from torchvision import models

from skfake.networks.backbones import (
    DENSENET_DEPTHS,
    DENSENET_SMALLEST_SIZES,
    RESNET_DEPTHS,
    RESNET_SMALLEST_SIZE,
    STEMS,
    VGG_DEPTHS,
    VGG_SMALLEST_SIZE,
    densenet,
    freeze,
    resnet,
    stem_of,
    vgg,
)
from skfake.networks.layers import head_of

SMALL_VGG = partial(vgg, depth=11, batch_norm=True)
SMALLEST = {
    "resnet-imagenet": (
        partial(resnet, depth=18, stem="imagenet"),
        RESNET_SMALLEST_SIZE,
    ),
    "resnet-small": (partial(resnet, depth=18, stem="small"), RESNET_SMALLEST_SIZE),
    "resnet50-small": (partial(resnet, depth=50, stem="small"), RESNET_SMALLEST_SIZE),
    "vgg": (partial(SMALL_VGG, n_hidden=None), VGG_SMALLEST_SIZE),
    "vgg-hidden": (partial(SMALL_VGG, n_hidden=8), VGG_SMALLEST_SIZE),
    "densenet-imagenet": (
        partial(densenet, depth=121, stem="imagenet"),
        DENSENET_SMALLEST_SIZES["imagenet"],
    ),
    "densenet-small": (
        partial(densenet, depth=121, stem="small"),
        DENSENET_SMALLEST_SIZES["small"],
    ),
}
SMALL_NETWORKS = {
    name: SMALLEST[name][0]
    for name in ("resnet-small", "vgg", "vgg-hidden", "densenet-small")
}
networks = pytest.mark.parametrize(
    "build", SMALL_NETWORKS.values(), ids=SMALL_NETWORKS.keys()
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def shapes(network):
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def train_once(network, size=32):
    """One step of training that moves every tensor that can move."""
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.1, weight_decay=0.1)
    loss = nn.functional.cross_entropy(
        network.train()(torch.randn(2, 3, size, size)), torch.tensor([0, 1])
    )
    loss.backward()
    optimizer.step()


def moved(network, before):
    after = network.state_dict()
    return {name for name in after if not torch.equal(after[name], before[name])}


@pytest.mark.parametrize(("build", "size"), SMALLEST.values(), ids=SMALLEST.keys())
def test_the_smallest_image_trains_and_one_pixel_less_does_not(build, size):
    network = build(3)
    train_once(network, size)
    assert network.eval()(torch.randn(1, 3, size, size)).shape == (1, 3)
    if size > 1:
        with pytest.raises(RuntimeError, match="too small"):
            network(torch.randn(2, 3, size - 1, size - 1))


@networks
def test_every_tensor_learns_if_nothing_is_frozen(build):
    network = build(2)
    before = deepcopy(network.state_dict())
    train_once(network)
    assert moved(network, before) == set(before)


@networks
def test_logits_come_for_sizes_other_than_the_usual(build):
    assert build(5)(torch.randn(2, 3, 40, 33)).shape == (2, 5)


@pytest.mark.parametrize("depth", RESNET_DEPTHS)
def test_residual_networks_have_torchvision_s_tensors(depth):
    with torch.device("meta"):
        ours = resnet(1000, depth=depth, stem="imagenet")
        theirs = models.get_model(f"resnet{depth}", weights=None)
    assert shapes(ours) == shapes(theirs)


@pytest.mark.parametrize("depth", DENSENET_DEPTHS)
def test_dense_networks_have_torchvision_s_tensors(depth):
    with torch.device("meta"):
        ours = densenet(1000, depth=depth, stem="imagenet")
        theirs = models.get_model(f"densenet{depth}", weights=None)
    assert shapes(ours) == shapes(theirs)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("depth", VGG_DEPTHS)
def test_vgg_networks_have_torchvision_s_convolutions(depth, batch_norm):
    with torch.device("meta"):
        ours = vgg(2, depth=depth, batch_norm=batch_norm, n_hidden=None)
        theirs = models.get_model(f"vgg{depth}{'_bn' * batch_norm}", weights=None)
    assert shapes(ours.get_submodule("features")) == shapes(theirs.features)
    assert shapes(ours.get_submodule("classifier")) == {
        "weight": (2, 512),
        "bias": (2,),
    }


def test_vgg_with_4096_hidden_units_computes_what_torchvision_s_does():
    ours = vgg(1000, depth=11, batch_norm=False, n_hidden=4096).eval()
    with torch.device("meta"):
        theirs = models.vgg11(weights=None).eval()
    theirs.load_state_dict(ours.state_dict(), assign=True)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(ours(images), theirs(images))


def test_new_tensors_are_drawn_as_torchvision_draws_them():
    ours = vgg(2, depth=11, batch_norm=False, n_hidden=64)
    second = ours.get_submodule("features.3")
    assert second.weight.std().item() == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.02)
    assert ours.get_submodule("classifier.0").weight.std().item() == pytest.approx(
        0.01, rel=0.01
    )
    assert not any(p.any() for n, p in ours.named_parameters() if n.endswith("bias"))
    for network, fan in [
        (resnet(2, depth=18, stem="small"), 64 * 9),
        (densenet(2, depth=121, stem="small"), 3 * 9),
    ]:
        stem = network.get_submodule(stem_of(network))
        assert stem.weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.1)


def test_the_hidden_units_of_vgg_are_dropped_out_in_training_alone():
    network = SMALL_VGG(2, n_hidden=8, dropout=1.0)
    head = network.get_submodule("classifier")
    features = torch.randn(2, 512 * 49)
    assert (head(features) == head[-1].bias).all()
    assert not (head.eval()(features) == head[-1].bias).all()
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [1.0, 1.0]


@pytest.mark.parametrize("build", [resnet, densenet])
def test_the_small_stem_keeps_the_size_and_the_names(build):
    depth = 18 if build is resnet else 121
    networks = {stem: build(2, depth=depth, stem=stem) for stem in STEMS}
    small, imagenet = (shapes(networks[stem]) for stem in ("small", "imagenet"))
    name = f"{stem_of(networks['small'])}.weight"
    assert small.pop(name) == (64, 3, 3, 3)
    assert imagenet.pop(name) == (64, 3, 7, 7)
    assert small == imagenet
    sizes = {}
    for stem, network in networks.items():
        block = network.get_submodule(
            "layer1" if build is resnet else "features.denseblock1"
        )
        block.register_forward_hook(
            lambda _module, args, _out, stem=stem: sizes.update({stem: args[0].shape})
        )
        network(torch.zeros(2, 3, 32, 32))
    assert sizes["small"][2:] == (32, 32)
    assert sizes["imagenet"][2:] == (8, 8)


def test_the_stem_is_the_first_convolution():
    names = {name: stem_of(build(2)) for name, build in SMALL_NETWORKS.items()}
    assert names == {
        "resnet-small": "conv1",
        "vgg": "features.0",
        "vgg-hidden": "features.0",
        "densenet-small": "features.conv0",
    }


@networks
def test_only_the_head_of_a_frozen_network_learns(build):
    network = build(2)
    head = head_of(network)
    names = list(network.state_dict())
    freeze(network, head)
    before = deepcopy(network.state_dict())
    assert list(before) == names
    train_once(network)
    assert moved(network, before) == {f"{head}.weight", f"{head}.bias"}


@networks
def test_a_frozen_network_answers_in_training_as_it_does_after(build):
    network = build(2)
    train_once(network)  # so that the statistics are not those of a new network
    usual = deepcopy(network).eval()
    freeze(network, head_of(network))
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(network(images), usual(images))
        assert torch.equal(network.train()(images), usual(images))


def test_a_larger_part_can_be_left_to_learn():
    network = SMALL_VGG(2, n_hidden=8)
    freeze(network, "classifier")
    before = deepcopy(network.state_dict())
    train_once(network)
    assert moved(network, before) == {n for n in before if n.startswith("classifier.")}
    drops = [m for m in network.modules() if isinstance(m, nn.Dropout)]
    assert [drop.training for drop in drops] == [True, True]


@pytest.mark.parametrize(
    "copied", [deepcopy, lambda network: pickle.loads(pickle.dumps(network))]
)
def test_a_copy_of_a_frozen_network_is_frozen(copied):
    network = resnet(2, depth=18, stem="small")
    freeze(network, "fc")
    copy = copied(network)
    before = deepcopy(copy.state_dict())
    train_once(copy)
    assert moved(copy, before) == {"fc.weight", "fc.bias"}
    assert not moved(network, before)


def test_vgg_without_hidden_layers_does_not_see_the_scale_of_its_features():
    network = vgg(2, depth=11, batch_norm=False, n_hidden=None).eval()
    images = torch.rand(2, 3, 32, 32)
    expected = network(images)
    last = [m for m in network.features if isinstance(m, torch.nn.Conv2d)][-1]
    with torch.no_grad():
        last.weight *= 300
        last.bias *= 300
    assert torch.allclose(network(images), expected, atol=0.01)
