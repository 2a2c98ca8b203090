"""The last layer of each network, and the network without it."""

import pytest
import torch

from skfake.networks.backbones import densenet, resnet, vgg
from skfake.networks.compact import CompactNet
from skfake.networks.layers import head_of, without_head
from skfake.networks.study_cnn import StudyCNN

CNN = {"image_size": 32, "n_channels": 3, "n_filters": 4, "n_hidden": 6}
# A network of each kind, the name of its head, and how much this is given.
NETWORKS = {
    "resnet": (lambda: resnet(2, depth=18, stem="small"), "fc", 512),
    "vgg": (
        lambda: vgg(2, depth=11, batch_norm=True, n_hidden=None),
        "classifier",
        512,
    ),
    "vgg-hidden": (
        lambda: vgg(2, depth=11, batch_norm=False, n_hidden=8),
        "classifier.6",
        8,
    ),
    "densenet": (lambda: densenet(2, depth=121, stem="imagenet"), "classifier", 1024),
    "compact": (lambda: CompactNet(2, n_channels=3, n_filters=(4, 6)), "head", 6),
    "cnn": (lambda: StudyCNN(2, **CNN, batch_norm=True, dropout=0.5), "10", 6),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_head_gives_the_logits_of_what_the_network_without_it_ends_in(name):
    build, head, n_features = NETWORKS[name]
    network = build().eval()
    assert head_of(network) == head
    images = torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        embedding = without_head(network)(images)
        assert embedding.shape == (3, n_features)
        logits = network.get_submodule(head)(embedding)
        assert torch.equal(logits, network(images))


def test_without_its_head_a_network_is_on_the_same_tensors():
    network = NETWORKS["compact"][0]()
    headless = without_head(network)
    tensors = dict(network.state_dict())
    for name, tensor in headless.state_dict().items():
        assert tensor.data_ptr() == tensors[name].data_ptr()
    assert isinstance(network.head, torch.nn.Linear)
    assert set(tensors) - set(headless.state_dict()) == {"head.weight", "head.bias"}
