"""Views of an image: as it is, and after each of a few mild corruptions."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array, gen_batches

from skfake.corruptions.conditions import Condition, list_conditions
from skfake.corruptions.damage import corrupt_in_turn
from skfake.images import is_rows, map_images
from skfake.images.arrays import read_tensor
from skfake.images.checking import learn_images
from skfake.images.forms import read_form
from skfake.images.scales import HALF, Range
from skfake.scoring import Scores

# What becomes of an image on its way through the web, before it is seen to be changed.
MILD: dict[str, Sequence[float]] = {
    "jpeg": (90, 75),
    "webp": (90,),
    "rescale": (0.9,),
    "blur": (0.5,),
}
# Images whose views are made together, and bytes of their pixels, at most.
BATCH, BATCH_BYTES = 256, 2**27


def list_views(corruptions: dict[Any, Sequence[float]] | None) -> list[Condition]:
    """Conditions that an image is looked at under; the mild ones for None."""
    return list_conditions(MILD if corruptions is None else corruptions)


def learn_range(X: Any, image_shape: tuple[int, ...] | None) -> Range | None:
    """The least and greatest of numbers on no known scale; None for images."""
    return learn_images(_read(X), image_shape=image_shape)[1]


def score_views(
    score: Callable[[Any], Scores],
    X: Any,
    conditions: Sequence[Condition],
    *,
    image_shape: tuple[int, ...] | None = None,
    pixel_range: Range | None = None,
    n_jobs: int | None = None,
) -> list[Scores]:
    """Scores of images as they are and under conditions: one pass, files opened once.

    Numbers on no known scale, which have a `pixel_range`, are no pixels to corrupt:
    they have one view.
    """
    if pixel_range is not None:
        return [score(X)]
    form = _read(X)
    images, _ = learn_images(form, image_shape=image_shape, learned=None)
    batches: Iterator[tuple[Any, Any]]
    if isinstance(form, np.ndarray) and isinstance(images, np.ndarray):
        batches = _slice(X, form, images)
    else:
        batches = ((opened, opened) for opened in _open(images, n_jobs))
    corrupted = partial(
        _corrupt, conditions=conditions, white=_find_white(form), n_jobs=n_jobs
    )
    parts = [
        [score(view) for view in chain([given], corrupted(given, pixels))]
        for given, pixels in batches
    ]
    return [Scores.join(of_one) for of_one in zip(*parts, strict=True)]


def _read(X: Any) -> np.ndarray | list:
    """Numbers of all images, or an item for each; scikit-learn's words for tables."""
    return check_array(read_tensor(X)) if is_rows(X) else read_form(X)


def _open(images: np.ndarray | list, n_jobs: int | None) -> Iterator[list[np.ndarray]]:
    """Pixels of a batch of images after the other."""
    batch: list[np.ndarray] = []
    for image in map_images(np.asarray, images, n_jobs=n_jobs):
        batch.append(image)
        if len(batch) == BATCH or sum(i.nbytes for i in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _slice(
    X: Any, form: np.ndarray, images: np.ndarray
) -> Iterator[tuple[Any, np.ndarray]]:
    """A batch of X after the other, a data frame if X is one, and its pixels."""
    given = X if isinstance(X, pd.DataFrame) else form
    size = max(1, min(BATCH, BATCH_BYTES // images[0].nbytes))
    for part in gen_batches(len(images), size):
        yield given[part], images[part]


def _corrupt(
    given: Any,
    pixels: np.ndarray | list,
    *,
    conditions: Sequence[Condition],
    white: float | None,
    n_jobs: int | None,
) -> Iterator[Any]:
    """Pixels under each condition, in the form and on the scale of what was given."""
    for condition in conditions:
        # One seed: an image has the same views every time.
        view = corrupt_in_turn(pixels, condition.steps, random_state=0, n_jobs=n_jobs)
        yield view if isinstance(given, list) else _in_form_of(given, view, white)


def _in_form_of(given: Any, view: np.ndarray, white: float | None) -> Any:
    values = view if white is None else view * np.float32(white / 255)
    if values.size == given.size:
        values = values.reshape(given.shape)
    if isinstance(given, pd.DataFrame):
        return pd.DataFrame(values, index=given.index, columns=given.columns)
    return values


def _find_white(form: np.ndarray | list) -> float | None:
    """What means white in an array of images; None where it holds, or becomes, bytes.

    Those of a list become bytes, and so do uint16 and booleans.
    """
    if isinstance(form, list) or form.dtype.kind != "f":
        return None
    # Of images it is known that it is one of two.
    return 1 if form.max() <= 1 + HALF else 255
