import numpy as np
import pytest
import torch

from skfake.training.seeding import derive_seed, draw_seed, isolated_seed


def test_numbers_inside_do_not_depend_on_what_came_before():
    def draw():
        with isolated_seed(3, "cpu"):
            return torch.rand(1).item()

    first = draw()
    torch.rand(5)
    assert draw() == first


def test_the_generator_is_restored():
    torch.manual_seed(1)
    expected = torch.rand(1).item()
    torch.manual_seed(1)
    with isolated_seed(3, "cpu"):
        torch.rand(10)
    assert torch.rand(1).item() == expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_generator_of_a_gpu_is_restored():
    torch.manual_seed(1)
    expected = torch.rand(1, device="cuda").item()
    torch.manual_seed(1)
    with isolated_seed(3, "cuda:0"):
        torch.rand(10, device="cuda")
    assert torch.rand(1, device="cuda").item() == expected


def test_parts_of_a_fit_have_seeds_of_their_own():
    seeds = {derive_seed(0, epoch, part) for epoch in range(50) for part in range(2)}
    assert len(seeds) == 100
    assert derive_seed(0, 7, 1) == derive_seed(0, 7, 1)


def test_no_seed_is_a_new_one_and_leaves_numpy_alone():
    state = np.random.get_state()[1].copy()
    assert draw_seed(None) != draw_seed(None)
    assert np.array_equal(np.random.get_state()[1], state)


def test_a_random_state_is_drawn_from():
    assert draw_seed(5) == 5
    assert draw_seed(np.random.RandomState(0)) == draw_seed(np.random.RandomState(0))
