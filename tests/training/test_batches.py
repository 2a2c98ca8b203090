import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from skfake.training.batches import Batches, PixelDataset


def dataset(n):
    images = np.arange(n, dtype=np.uint8).reshape(n, 1, 1, 1)
    return PixelDataset(images, np.arange(n))


@given(st.integers(1, 200), st.integers(1, 70), st.booleans())
def test_every_image_comes_once_with_its_code(n, batch_size, shuffled):
    generator = torch.Generator().manual_seed(0) if shuffled else None
    batches = Batches(
        dataset(n), torch.arange(n), batch_size=batch_size, generator=generator
    )
    parts = list(batches)
    codes = torch.cat([codes for _, codes in parts])
    assert len(parts) == len(batches)
    assert torch.equal(torch.cat([x for x, _ in parts]).flatten().long(), codes)
    assert sorted(codes.tolist()) == list(range(n))
    sizes = [len(codes) for _, codes in parts]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_the_order_comes_from_the_generator():
    def order(seed):
        generator = torch.Generator().manual_seed(seed)
        batches = Batches(
            dataset(50), torch.arange(50), batch_size=7, generator=generator
        )
        return torch.cat([codes for _, codes in batches]).tolist()

    assert order(0) == order(0) != order(1)


def test_images_are_not_copied():
    images = np.zeros((4, 2, 2, 3), np.uint8)
    images_of = PixelDataset(images).images
    images[0] = 7
    assert images_of[0, 0, 0, 0] == 7


def test_read_only_images_are_copied():
    images = np.zeros((4, 2, 2, 3), np.uint8)
    images.flags.writeable = False
    PixelDataset(images).images[0] = 7
    assert images[0, 0, 0, 0] == 0
