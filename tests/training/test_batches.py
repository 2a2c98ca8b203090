import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skfake.corruptions.mix import read_mix
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
    dataset = PixelDataset(images)
    images[0] = 7
    assert dataset[0][0][0, 0, 0] == 7


def test_read_only_images_are_read():
    images = np.full((4, 2, 2, 3), 9, np.uint8)
    images.flags.writeable = False
    batch, _ = PixelDataset(images).take(torch.tensor([1, 3]))
    batch[:] = 7
    assert (images == 9).all()


def test_rows_are_trained_on_in_their_order():
    rows = [3, 1, 1]
    images = dataset(5).images
    some = PixelDataset(images, 10 * np.arange(5), rows=rows)
    assert len(some) == 3
    assert some.codes_in_order().tolist() == [30, 10, 10]
    assert [(int(x), int(code)) for x, code in (some[0], some[2])] == [(3, 30), (1, 10)]
    ((x, codes),) = Batches(some, torch.tensor([2, 0]), batch_size=2)
    assert (x.flatten().tolist(), codes.tolist()) == ([1, 3], [10, 30])
    images[:] = 7
    assert some[0][0] == 7


@pytest.mark.parametrize("in_memory", [True, False])
def test_weights_come_with_their_rows(in_memory):
    images = dataset(50).images if in_memory else Slow(dataset(50).images)
    rows = np.random.default_rng(0).permutation(50)[:30]
    weighted = PixelDataset(images, np.arange(50), rows=rows, weights=rows / 4)
    batches = Batches(
        weighted, torch.arange(30), batch_size=7, generator=torch.Generator()
    )
    seen = []
    for x, (codes, weights) in batches:
        assert torch.equal(x.flatten(), codes)
        assert torch.equal(weights, codes / 4)
        seen += codes.tolist()
    assert sorted(seen) == sorted(rows)


def test_weights_of_one_are_none():
    images = np.zeros((4, 2, 2, 3), np.uint8)
    assert PixelDataset(images, weights=np.ones(4)).weights is None
    assert PixelDataset(images, weights=np.full(4, 2)).weights is not None


class Slow:
    """Images that take their time, and remember who asked for which."""

    def __init__(self, images):
        self.images = images
        self.asked = []

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        self.asked.append((threading.current_thread(), list(rows)))
        return self.images[rows]


@pytest.mark.parametrize("seed", [None, 0])
def test_images_opened_later_come_in_the_order_of_those_in_memory(seed):
    def batches(images):
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        dataset = PixelDataset(images, np.arange(30))
        rows = torch.arange(30)
        return list(Batches(dataset, rows, batch_size=4, generator=generator))

    images = np.arange(30 * 12, dtype=np.uint16).astype(np.uint8).reshape(30, 2, 2, 3)
    slow = Slow(images)
    pairs = zip(batches(slow), batches(images), strict=True)
    for (x, codes), (expected, expected_codes) in pairs:
        assert torch.equal(x, expected)
        assert torch.equal(codes, expected_codes)
    threads = {thread for thread, _ in slow.asked}
    assert threading.current_thread() not in threads
    assert len(threads) == 1


def test_reading_ahead_stops_with_the_reader():
    slow = Slow(np.zeros((100, 2, 2, 3), np.uint8))
    batches = iter(Batches(PixelDataset(slow), torch.arange(100), batch_size=1))
    next(batches)
    batches.close()
    assert len(slow.asked) <= 6


def test_an_error_in_opening_reaches_the_reader():
    class Broken(Slow):
        def __getitem__(self, rows):
            raise ValueError("broken.png")

    batches = Batches(
        PixelDataset(Broken(np.zeros((9, 2, 2, 3)))), torch.arange(9), batch_size=4
    )
    with pytest.raises(ValueError, match=r"broken\.png"):
        list(batches)


def test_a_memory_map_is_read_ahead(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((4, 2, 2, 3), np.uint8))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert not PixelDataset(images).in_memory
    assert PixelDataset(np.array(images)).in_memory
    assert len(list(Batches(PixelDataset(images), torch.arange(4), batch_size=2))) == 2


@pytest.mark.parametrize("names", [["jpeg", "blur", "noise"], ["blur", "noise"]])
def test_a_mix_corrupts_the_images_of_every_batch(names):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (50, 8, 8, 3), np.uint8)
    before = images.copy()

    def read(images, mix, seed=0):
        batches = Batches(
            PixelDataset(images, np.arange(50)),
            torch.arange(50),
            batch_size=8,
            generator=torch.Generator().manual_seed(seed),
            mix=mix,
        )
        return [torch.cat(parts) for parts in zip(*batches, strict=True)]

    mix = read_mix(names, 0.5)
    (clean, order), (damaged, codes) = read(images, None), read(images, mix)
    # Which images come in which order does not hang on what is done to them.
    assert torch.equal(codes, order)
    assert 0.5 < (damaged != clean).any(dim=(1, 2, 3)).float().mean() < 0.95
    assert torch.equal(read(Slow(images), mix)[0], damaged)
    assert not torch.equal(read(images, mix, seed=1)[0], damaged)
    assert np.array_equal(images, before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("weights", [None, np.arange(40)])
@pytest.mark.parametrize("rows", [None, np.arange(50)[:9:-1]])
@pytest.mark.parametrize("resident", [True, False])
def test_batches_of_a_gpu_are_those_of_the_cpu(resident, rows, weights):
    images = np.random.default_rng(0).integers(0, 255, (50, 4, 4, 3), np.uint8)
    options = {"rows": rows, "weights": weights}
    here, there = (PixelDataset(images, np.arange(50), **options) for _ in range(2))
    if resident:
        there.move_to("cuda")
        assert there.resident.device.type == "cuda"
    order = torch.arange(40)
    pairs = zip(
        Batches(here, order, batch_size=8),
        Batches(there, order, batch_size=8, device="cuda"),
        strict=True,
    )
    for (x, targets), (x_there, targets_there) in pairs:
        assert torch.equal(x, x_there.cpu())
        if weights is None:
            targets, targets_there = (targets,), (targets_there,)
        for of, of_there in zip((x, *targets), (x_there, *targets_there), strict=True):
            assert of_there.device.type == "cuda"
            assert torch.equal(of, of_there.cpu())
