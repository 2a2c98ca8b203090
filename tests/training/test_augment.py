import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import ks_2samp
from sklearn.base import clone
from torchvision.transforms import CenterCrop, RandomResizedCrop
from torchvision.transforms.v2.functional import resized_crop

from skfake import Augmentation
from skfake.training._augment import (
    augment,
    center_crop,
    draw_windows,
    random_flip,
    random_resized_crop,
    resize_windows,
    shifted_crop,
)

SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)
AUGMENTATIONS = [
    Augmentation(crop=None, flip=False),
    Augmentation(crop=None),
    Augmentation(crop=None, crop_size=5, flip=False),
    Augmentation(flip=False),
    Augmentation(crop_size=7, shift=2),
    Augmentation(crop="resized", flip=False),
    Augmentation(crop="resized", crop_size=13),
]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pixels(*shape, dtype=torch.uint8, seed=0):
    images = torch.randint(256, shape, generator=seeded(seed), dtype=torch.uint8)
    return images if dtype == torch.uint8 else images / 255


def of_torchvision(images, windows, size):
    planes = [
        resized_crop(image.permute(2, 0, 1), *window, [size, size], antialias=True)
        for image, window in zip(images, windows.tolist(), strict=True)
    ]
    return torch.stack(planes).permute(0, 2, 3, 1)


both_types = pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])


@both_types
def test_a_flip_gives_the_image_or_its_mirror(dtype):
    images = pixels(50, 5, 6, 3, dtype=dtype)
    flipped = random_flip(images, seeded())
    kept = (flipped == images).flatten(1).all(1)
    mirrored = (flipped == images.flip(2)).flatten(1).all(1)
    assert flipped.dtype == dtype
    assert (kept ^ mirrored).all()
    assert kept.any()
    assert mirrored.any()


def test_half_of_the_images_are_flipped():
    images = torch.tensor([0, 1], dtype=torch.uint8).repeat(10000, 1, 1)[..., None]
    share = random_flip(images, seeded())[:, 0, 0].float().mean()
    assert 0.48 < share < 0.52


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4])),
    st.integers(0, 12),
    st.data(),
)
def test_shifted_windows_are_cut_from_the_reflected_padding(shape, shift, data):
    images = pixels(6, *shape)
    size = data.draw(st.integers(1, min(shape[:2]) + 2 * shift))
    cut = shifted_crop(images, size, shift, seeded(data.draw(st.integers(0, 99))))
    around = ((0, 0), (shift, shift), (shift, shift), (0, 0))
    padded = np.pad(images.numpy(), around, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))
    windows = np.moveaxis(windows, 3, -1)
    assert cut.dtype == torch.uint8
    assert cut.shape == (6, size, size, shape[2])
    for image, candidates in zip(cut.numpy(), windows, strict=True):
        assert (candidates == image).all(axis=(2, 3, 4)).any()


@both_types
def test_every_shift_is_as_frequent(dtype):
    images = torch.arange(12, dtype=dtype).view(1, 3, 4, 1).expand(16000, -1, -1, -1)
    cut = shifted_crop(images, 3, 1, seeded())
    kinds, counts = torch.unique(cut.flatten(1), dim=0, return_counts=True)
    # 3 rows and 4 columns that a window of 3 x 3 can start from; 1333 times each.
    assert len(kinds) == 12
    assert 1180 < counts.min() <= counts.max() < 1490


def test_no_shift_keeps_an_image_of_that_size():
    images = pixels(3, 8, 8, 3)
    assert torch.equal(shifted_crop(images, 8, 0, seeded()), images)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.integers(1, 50), st.integers(1, 50), st.sampled_from([1, 3])),
    st.integers(1, 60),
    st.integers(0, 99),
)
def test_resized_windows_are_those_of_torchvision(shape, size, seed):
    images = pixels(5, *shape, dtype=torch.float32, seed=seed)
    windows = draw_windows(5, *shape[:2], seeded(seed), SCALE, RATIO)
    cut = random_resized_crop(images, size, seeded(seed))
    assert torch.allclose(cut, of_torchvision(images, windows, size), atol=2e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50), st.integers(0, 99))
def test_resized_bytes_are_within_a_level_of_pillow(height, width, size, seed):
    images = pixels(5, height, width, 3, seed=seed)
    windows = draw_windows(5, height, width, seeded(seed), SCALE, RATIO)
    cut = resize_windows(images, windows, size)
    assert cut.dtype == torch.uint8
    for image, window, ours in zip(images, windows.tolist(), cut, strict=True):
        top, left, *sides = window
        box = (left, top, left + sides[1], top + sides[0])
        part = Image.fromarray(image.numpy()).crop(box)
        theirs = np.array(part.resize((size, size), Image.Resampling.BILINEAR))
        assert np.abs(ours.numpy().astype(int) - theirs).max() <= 1


def test_resized_bytes_are_rounded():
    images = pixels(40, 30, 30, 3)
    windows = draw_windows(40, 30, 30, seeded(), SCALE, RATIO)
    errors = resize_windows(images, windows, 17) - resize_windows(
        images.float(), windows, 17
    )
    assert errors.abs().max() <= 0.5
    assert abs(errors.mean()) < 0.01


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_a_plain_image_stays_plain(level):
    images = torch.full((20, 31, 29, 3), level, dtype=torch.uint8)
    assert (random_resized_crop(images, 17, seeded()) == level).all()


def test_a_window_that_is_the_image_gives_the_image():
    images = pixels(3, 9, 9, 3)
    windows = torch.tensor([0, 0, 9, 9]).expand(3, 4)
    assert torch.equal(resize_windows(images, windows, 9), images)


def test_windows_keep_to_scale_and_ratio_and_lie_in_the_image():
    scale, ratio = (0.2, 0.6), (0.5, 3.0)
    windows = draw_windows(20000, 1000, 1500, seeded(), scale, ratio).double()
    top, left, height, width = windows.T
    area = height * width / (1000 * 1500)
    # Sides are whole pixels, a few hundred of them.
    assert area.min() == pytest.approx(0.2, rel=0.005)
    assert area.max() == pytest.approx(0.6, rel=0.005)
    assert (width / height).min() == pytest.approx(0.5, rel=0.01)
    assert (width / height).max() == pytest.approx(3, rel=0.01)
    assert min(top.min(), left.min()) == 0
    assert (top + height).max() == 1000
    assert (left + width).max() == 1500


# In the long ones many windows don't fit, and for some images none of the ten.
@pytest.mark.parametrize("sides", [(8, 8), (32, 32), (200, 90), (30, 120)])
def test_windows_are_distributed_as_those_of_torchvision(sides):
    ours = draw_windows(4000, *sides, seeded(), SCALE, RATIO).numpy()
    image = torch.empty(3, *sides)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        draws = [RandomResizedCrop.get_params(image, SCALE, RATIO) for _ in range(4000)]
    theirs = np.array(draws)
    for measure in (
        lambda w: w[:, 0],
        lambda w: w[:, 1],
        lambda w: w[:, 1] - w[:, 0],
        lambda w: w[:, 2] * w[:, 3],
        lambda w: w[:, 3] / w[:, 2],
        lambda w: w[:, 0] / np.maximum(sides[0] - w[:, 2], 1),
        lambda w: w[:, 1] / np.maximum(sides[1] - w[:, 3], 1),
    ):
        assert ks_2samp(measure(ours), measure(theirs)).pvalue > 0.001


@pytest.mark.parametrize("sides", [(10, 101), (101, 10), (20, 21), (1, 1)])
def test_where_no_window_fits_the_central_one_is_torchvisions(sides):
    scale = (3.0, 4.0)
    expected = RandomResizedCrop.get_params(torch.empty(3, *sides), scale, RATIO)
    windows = draw_windows(3, *sides, seeded(), scale, RATIO)
    assert windows.tolist() == [list(expected)] * 3


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_a_central_window_is_that_of_torchvision(height, width, data):
    size = data.draw(st.integers(1, min(height, width)))
    images = pixels(2, height, width, 3)
    expected = CenterCrop(size)(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert torch.equal(center_crop(images, size), expected)


def test_a_central_window_is_not_copied():
    images = pixels(2, 8, 8, 3)
    assert center_crop(images, 8).data_ptr() == images.data_ptr()
    assert center_crop(images, 6).is_set_to(images[:, 1:7, 1:7])


def test_windows_larger_than_the_images_are_refused():
    images = pixels(2, 8, 9, 3)
    with pytest.raises(ValueError, match=r"size must be at most 8, .*; got 9"):
        center_crop(images, 9)
    with pytest.raises(ValueError, match=r"size must be at most 12, .*; got 13"):
        shifted_crop(images, 13, 2, seeded())


@both_types
@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=str)
def test_size_and_type_are_what_was_asked_for(augmentation, dtype):
    images = pixels(10, 11, 11, 3, dtype=dtype)
    before = images.clone()
    augmented = augment(images, augmentation, seeded())
    side = augmentation.crop_size or 11
    assert augmented.shape == (10, side, side, 3)
    assert augmented.dtype == dtype
    assert torch.equal(images, before)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS[3:], ids=str)
def test_every_image_draws_its_own(augmentation):
    images = pixels(1, 11, 11, 3).expand(30, -1, -1, -1)
    assert len(torch.unique(augment(images, augmentation, seeded()), dim=0)) > 20


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=str)
def test_the_generator_decides_and_no_other(augmentation):
    images = pixels(30, 11, 11, 3)
    state = torch.get_rng_state()
    generator = seeded()
    first = augment(images, augmentation, generator)
    second = augment(images, augmentation, generator)
    again = augment(images, clone(augmentation), seeded())
    assert torch.equal(first, again)
    is_random = augmentation.crop is not None or augmentation.flip
    assert torch.equal(first, second) != is_random
    assert torch.equal(torch.get_rng_state(), state)


def test_nothing_asked_for_is_nothing_done():
    images = pixels(2, 5, 7, 3)
    nothing = Augmentation(crop=None, flip=False)
    assert augment(images, nothing, seeded()) is images


def test_an_augmentation_is_a_crop_and_then_a_flip():
    images, generator = pixels(30, 11, 12, 3), seeded()
    both = augment(images, Augmentation(crop_size=7, shift=2), seeded())
    cut = shifted_crop(images, 7, 2, generator)
    assert torch.equal(both, random_flip(cut, generator))
    centre = Augmentation(crop=None, crop_size=7, flip=False)
    central = augment(images, centre, seeded())
    assert torch.equal(central, center_crop(images, 7))


@pytest.mark.parametrize("crop", ["shifted", "resized"])
def test_windows_are_as_large_as_the_shorter_side_unless_told(crop):
    images = pixels(2, 5, 7, 3)
    augmentation = Augmentation(crop=crop)
    assert augment(images, augmentation, seeded()).shape == (2, 5, 5, 3)
    assert augment(images, augmentation, seeded(), size=4).shape == (2, 4, 4, 3)


def test_images_of_any_memory_layout_are_taken():
    images = pixels(8, 3, 12, 11).permute(0, 2, 3, 1)
    for augmentation in AUGMENTATIONS:
        plain = augment(images.contiguous(), augmentation, seeded())
        assert torch.equal(augment(images, augmentation, seeded()), plain)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=str)
def test_batches_stay_on_their_device(augmentation):
    # The meta device has no values, and refuses tensors of another.
    images = pixels(30, 11, 11, 3).to("meta")
    assert augment(images, augmentation, seeded()).is_meta


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=str)
def test_a_seed_means_the_same_images_on_a_gpu(augmentation):
    images = pixels(30, 11, 11, 3, dtype=torch.float32)
    on_gpu = augment(images.cuda(), augmentation, seeded())
    assert on_gpu.is_cuda
    assert torch.allclose(
        on_gpu.cpu(), augment(images, augmentation, seeded()), atol=1e-4
    )
