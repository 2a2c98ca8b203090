import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from skfake.training.muon import Muon, orthogonalize


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000))
def test_singular_values_come_near_one(m, n, seed):
    matrix = torch.randn(m, n, generator=torch.Generator().manual_seed(seed))
    U, values, V = torch.linalg.svd(matrix, full_matrices=False)
    done = orthogonalize(matrix)
    after = (U.T @ done @ V.T).diagonal()
    # Three rounds raise a value of a hundredth of the norm to a third.
    large = values > 0.1 * values.norm()
    assert (after[large] > 0.5).all()
    assert (after < 1.3).all()
    rest = U.T @ done @ V.T - after.diag()
    assert rest.abs().max() < 1e-3


def test_a_gradient_of_zero_moves_nothing():
    assert (orthogonalize(torch.zeros(3, 5)) == 0).all()
    layer = nn.Conv2d(2, 3, 3)
    before = layer.weight.clone()
    layer.weight.grad = torch.zeros_like(layer.weight)
    Muon([layer.weight], lr=0.1).step()
    assert torch.equal(layer.weight, before)


def test_a_step_does_not_depend_on_the_size_of_the_gradient():
    steps = []
    for scale in (1e-3, 1.0, 1e3):
        torch.manual_seed(0)
        layer = nn.Conv2d(4, 8, 3)
        before = layer.weight.clone().detach()
        layer.weight.grad = scale * torch.randn_like(layer.weight)
        Muon([layer.weight], lr=0.01).step()
        steps.append(layer.weight.detach() - before)
    assert torch.allclose(steps[0], steps[1], atol=1e-5)
    assert torch.allclose(steps[2], steps[1], atol=1e-5)


def test_all_but_convolutions_step_as_adamw_without_decay():
    weights = [nn.Parameter(torch.arange(6.0).reshape(shape)) for shape in (6, (2, 3))]
    copies = [nn.Parameter(w.detach().clone()) for w in weights]
    ours = Muon(weights, lr=0.1, weight_decay=0.5)
    adam = torch.optim.AdamW(copies, lr=0.1, weight_decay=0.0)
    for seed in range(5):
        torch.manual_seed(seed)
        for weight, copy in zip(weights, copies, strict=True):
            weight.grad = torch.randn_like(weight)
            copy.grad = weight.grad.clone()
        ours.step()
        adam.step()
    for weight, copy in zip(weights, copies, strict=True):
        assert torch.allclose(weight, copy, atol=1e-6)


def test_filters_decay():
    weight = nn.Parameter(torch.ones(2, 2, 1, 1))
    weight.grad = torch.zeros_like(weight)
    Muon([weight], lr=0.1, weight_decay=0.5).step()
    assert torch.allclose(weight, torch.full_like(weight, 0.95))


def test_a_step_is_as_long_as_one_of_adamw():
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 32, 3)
    before = layer.weight.clone().detach()
    layer.weight.grad = torch.randn_like(layer.weight)
    Muon([layer.weight], lr=1.0).step()
    size = (layer.weight - before).square().mean().sqrt().item()
    # The updates of Adam are 0.2 to 0.4 in root mean square.
    assert size == pytest.approx(0.2, rel=0.25)


def test_it_learns(stripes):
    X, y = torch.from_numpy(stripes[0]).permute(0, 3, 1, 2) / 255, stripes[1]
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten()
    ).append(nn.Linear(8, 2))
    optimizer = Muon(network.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(X), torch.from_numpy(y))
        loss.backward()
        optimizer.step()
    assert (network(X).argmax(1).numpy() == y).all()
