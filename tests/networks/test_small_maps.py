import pytest
import torch
from torch import nn

from skfake.networks._small_maps import SmallMapConv2d, replace_convolutions


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (3, 1, 0), (7, 2, 3), (5, 1, 2)],
)
@pytest.mark.parametrize(
    "side", [(1, 1), (2, 2), (1, 2), (3, 3), (2, 5), (4, 4), (9, 8)]
)
def test_maps_and_gradients_are_those_of_torch(side, kernel, stride, padding, bias):
    if min(side) + 2 * padding < kernel:
        pytest.skip("torch refuses kernels that are larger than the padded map")
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 5, kernel, stride, padding, bias=bias).double()
    fast = SmallMapConv2d(plain)
    found = []
    for layer in (plain, fast):
        maps = torch.linspace(-1, 1, 2 * 3 * side[0] * side[1], dtype=torch.float64)
        maps = maps.reshape(2, 3, *side).sin().requires_grad_()
        layer.zero_grad()
        out = layer(maps)
        (out * torch.arange(out.numel()).reshape(out.shape)).sum().backward()
        found.append([out, maps.grad, *(p.grad.clone() for p in layer.parameters())])
    for ours, torchs in zip(*found, strict=True):
        assert torch.allclose(ours, torchs, atol=1e-9)


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 1, 2), (1, 2, 4)])
def test_small_maps_are_not_left_to_the_convolution(monkeypatch, kernel, stride, side):
    layer = SmallMapConv2d(nn.Conv2d(3, 5, kernel, stride, padding=kernel // 2))
    monkeypatch.setattr(nn.Conv2d, "_conv_forward", None)
    assert layer(torch.randn(2, 3, side, side)).shape == (2, 5, 2, 2)


def test_the_memory_layout_of_convolutions_stays():
    layer = SmallMapConv2d(nn.Conv2d(3, 5, 3, padding=1))
    for side in (1, 2, 4):
        maps = torch.randn(2, 3, side, side).to(memory_format=torch.channels_last)
        assert layer(maps).is_contiguous(memory_format=torch.channels_last)


def test_tensors_are_shared_and_their_names_stay():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
    before = dict(network.named_parameters())
    replace_convolutions(network)
    after = dict(network.named_parameters())
    assert list(before) == list(after)
    assert all(before[name] is after[name] for name in before)
    assert [type(layer) for layer in network] == [
        SmallMapConv2d,
        nn.ReLU,
        SmallMapConv2d,
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"groups": 2},
        {"dilation": 2},
        {"padding": "same"},
        {"padding": 1, "padding_mode": "reflect"},
    ],
)
def test_convolutions_of_another_kind_are_left_alone(options):
    network = nn.Sequential(nn.Conv2d(4, 4, 3, **options))
    replace_convolutions(network)
    assert type(network[0]) is nn.Conv2d
