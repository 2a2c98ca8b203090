import pytest

from skfake import CompactDetector
from skfake.datasets import make_images

FAST = {"max_epochs": 1, "device": "cpu", "random_state": 0}


@pytest.fixture(scope="module")
def images():
    return make_images(40, image_size=16, return_X_y=True, random_state=0)


def test_there_may_be_any_number_of_stages(images):
    X, y = images
    detector = CompactDetector(image_size=16, n_filters=(4, 6, 8, 10), **FAST)
    assert detector.fit(X, y).transform(X[:2]).shape == (2, 10)


@pytest.mark.parametrize("n_filters", [(), (4, 0), (4, 2.5)])
def test_filters_are_counted_from_one(images, n_filters):
    with pytest.raises(ValueError, match="n_filters must be a tuple of ints of 1"):
        CompactDetector(n_filters=n_filters, **FAST).fit(*images)


def test_a_map_is_left_after_the_last_stage(images):
    with pytest.raises(ValueError, match="image_size must be at least 31 pixels"):
        CompactDetector(image_size=16, n_filters=(4,) * 5, **FAST).fit(*images)
