import pytest
import torch
from torch import nn

from skfake.networks._dropout import Dropout


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_a_share_is_left_out_and_the_mean_stays(p, dtype):
    torch.manual_seed(0)
    out = Dropout(p)(torch.ones(1000, 1001, dtype=dtype))
    assert out.dtype == dtype
    left_out = (out == 0).double().mean()
    assert abs(left_out - p) < 5 * (p * (1 - p) / out.numel()) ** 0.5 + 2**-16
    assert torch.allclose(
        out[out != 0].double(), torch.tensor(1 / (1 - p)).double(), rtol=1e-2
    )


def test_each_value_is_left_out_apart_from_its_neighbours():
    torch.manual_seed(0)
    left_out = (Dropout(0.5)(torch.ones(100_000, 8)) == 0).float()
    shared = torch.corrcoef(left_out.T) - torch.eye(8)
    assert shared.abs().max() < 0.02


def test_gradients_take_the_way_of_the_values():
    values = torch.ones(50, 50, requires_grad=True)
    out = Dropout(0.3)(values)
    out.sum().backward()
    assert torch.equal(values.grad, out.detach())


def test_the_seed_decides_what_is_left_out():
    values, drawn = torch.ones(7, 9), []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(Dropout(0.5)(values))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("p", [0.0, 1e-9, 1 - 1e-9, 1.0])
def test_the_ends_are_those_of_torch(p):
    values = torch.randn(64, 3)
    assert torch.equal(Dropout(p)(values), values if p < 0.5 else 0 * values)


@pytest.mark.parametrize("shape", [(), (1,), (3, 0), (2, 3, 5, 7)])
def test_any_shape_is_taken(shape):
    assert Dropout(0.5)(torch.ones(shape)).shape == shape


def test_predictions_leave_nothing_out():
    values = torch.randn(5, 5)
    assert Dropout(0.5).eval()(values) is values
    assert isinstance(Dropout(0.5), nn.Dropout)
