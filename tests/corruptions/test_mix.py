import numpy as np
import pytest
import torch

from skfake.corruptions import CORRUPTIONS
from skfake.corruptions._functions import FUNCTIONS
from skfake.corruptions.mix import read_mix
from tests.corruptions.images import GRAY, IMAGES

# Others draw from a generator, for one image after the other.
WITHOUT_CHANCE = [n for n in CORRUPTIONS if n not in ("noise", "crop", "color_jitter")]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(n=200):
    return torch.from_numpy(IMAGES[np.arange(n) % len(IMAGES)].copy())


def corrupted(mix, images, seed=0):
    draws = mix.draw(len(images), seeded(seed))
    return draws.corrupt_after(draws.corrupt_on_cpu(images.clone()))


def test_every_corruption_has_a_function():
    assert list(FUNCTIONS) == list(CORRUPTIONS)


@pytest.mark.parametrize("name", WITHOUT_CHANCE)
@pytest.mark.parametrize("images", [IMAGES, GRAY[..., np.newaxis]])
def test_images_of_a_batch_are_damaged_as_each_alone(name, images):
    low, high = CORRUPTIONS[name].ends
    strengths = torch.linspace(low, high, len(images))
    images = torch.from_numpy(images)
    together = FUNCTIONS[name](images, strengths, seeded())
    alone = [
        FUNCTIONS[name](images[i : i + 1], strengths[i : i + 1], seeded())
        for i in range(len(images))
    ]
    change = (together.float() - torch.cat(alone).float()).abs()
    # A half may be rounded up or down.
    assert change.max() <= 1
    assert change.mean() < 1e-3


def test_two_rounds_corrupt_as_often_as_their_probability_says():
    mix = read_mix({"brightness": 0.25, "contrast": (0.2, 0.6)}, 0.5)
    kinds = mix.draw(20_000, seeded()).kinds
    often = [(kinds == kind).float().mean(0).tolist() for kind in (-1, 0, 1)]
    assert often == [pytest.approx([p, p], abs=0.02) for p in (0.5, 0.25, 0.25)]
    twice = (kinds >= 0).all(1).float().mean()
    assert twice == pytest.approx(0.25, abs=0.02)


def test_strengths_are_drawn_from_what_each_may_have():
    mix = read_mix({"jpeg": (20, 40), "blur": 1.5, "noise": "random"}, 1.0)
    draws = mix.draw(3000, seeded())
    found = [draws.strengths[draws.kinds == kind] for kind in range(3)]
    assert (found[0].min(), found[0].max()) == (
        pytest.approx(20, abs=0.1),
        pytest.approx(40, abs=0.1),
    )
    assert set(found[1].tolist()) == {1.5}
    assert set(found[2].tolist()) == set(CORRUPTIONS["noise"].strengths)


def test_all_is_every_corruption_from_mild_to_severe():
    mix = read_mix("all", 0.5)
    assert mix == read_mix(list(CORRUPTIONS), 0.5)
    assert list(mix.strengths) == list(CORRUPTIONS)
    assert mix.strengths["rescale"] == (0.25, 0.9)
    assert mix.strengths["jpeg"] == (10, 90)


def test_an_image_that_draws_nothing_stays_as_it_is():
    images = batch()
    draws = read_mix("all", 0.5).draw(len(images), seeded())
    after = draws.corrupt_after(draws.corrupt_on_cpu(images.clone()))
    stays = (draws.kinds < 0).all(1)
    assert torch.equal(after[stays], images[stays])
    changed = (after != images).any(dim=(1, 2, 3))
    assert changed[~stays].float().mean() > 0.95
    assert torch.equal(corrupted(read_mix("all", 0.0), images), images)


def test_a_seed_damages_alike():
    mix, images = read_mix("all", 0.8), batch()
    assert torch.equal(corrupted(mix, images), corrupted(mix, images))
    assert not torch.equal(corrupted(mix, images), corrupted(mix, images, seed=1))


def test_rounds_are_done_in_their_order():
    mix = read_mix({"rescale": 0.25, "jpeg": 10}, 1.0)
    images = batch(40)
    draws = mix.draw(40, seeded())
    after = draws.corrupt_after(draws.corrupt_on_cpu(images.clone()))
    strengths = {"rescale": torch.tensor([0.25]), "jpeg": torch.tensor([10.0])}
    for image, kinds, expected in zip(images, draws.kinds, after, strict=True):
        for kind in kinds:
            name = draws.names[kind]
            image = FUNCTIONS[name](image.reshape(1, 24, 24, 3), strengths[name], None)
        assert torch.equal(image[0], expected)


def test_what_comes_before_a_codec_is_done_on_the_cpu():
    mix = read_mix({"contrast": 0.5, "jpeg": 10}, 0.7)
    images = batch(40)
    draws = mix.draw(40, seeded())
    before = draws.corrupt_on_cpu(images.clone())
    jpeg = draws.names.index("jpeg")
    for image, kinds, first in zip(images, draws.kinds.tolist(), before, strict=True):
        assert torch.equal(image, first) == (jpeg not in kinds)
    no_codec = read_mix(["contrast", "blur"], 0.7).draw(40, seeded())
    assert torch.equal(no_codec.corrupt_on_cpu(images.clone()), images)


@pytest.mark.parametrize(
    ("corruptions", "match"),
    [
        (
            {"rain": 1},
            r"one of \['all', 'robust'\], or hold names of \[.*; got 'rain'\.",
        ),
        ([], r"one of \['all', 'robust'\], or hold names of \[.*; got none\."),
        ({"jpeg": 0}, r"strength must be a number from 1 to 100.*'jpeg'.*; got 0\."),
        (
            {"blur": (2, 1)},
            r"strength must be .*'blur'.*\(low, high\).*got \(2, 1",
        ),
        ({"blur": "heavy"}, r"strength must be .*'blur'.*; got 'heavy'\."),
    ],
)
def test_what_cannot_be_drawn_is_refused(corruptions, match):
    with pytest.raises(ValueError, match=match):
        read_mix(corruptions, 0.5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_damages_as_the_cpu_does():
    mix, images = read_mix("all", 0.8), batch()
    draws = mix.draw(len(images), seeded())
    first = draws.corrupt_on_cpu(images.clone())
    on_gpu = draws.corrupt_after(first.clone().cuda())
    assert on_gpu.is_cuda
    change = (on_gpu.cpu().float() - draws.corrupt_after(first).float()).abs()
    assert change.max() <= 2
    assert change.mean() < 0.01
