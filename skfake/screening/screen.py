"""Many files through one detector, a row for each."""

import os
from collections import namedtuple
from collections.abc import Iterable, Iterator
from itertools import chain
from numbers import Integral, Real
from time import perf_counter
from typing import Any

from skfake.scikit_learn import Interval, validate_params
from skfake.screening.labelling import Labeller
from skfake.screening.opening import Opened, open_images
from skfake.screening.paths import Found, find_images, require_images

ProbabilityRow = namedtuple("ProbabilityRow", "path probability label seconds error")
ScoreRow = namedtuple("ScoreRow", "path score label seconds error")
# Where views of each image are looked at too.
StableProbabilityRow = namedtuple(
    "StableProbabilityRow", "path probability label agreement seconds error"
)
StableScoreRow = namedtuple(
    "StableScoreRow", "path score label agreement seconds error"
)
Row = ProbabilityRow | ScoreRow | StableProbabilityRow | StableScoreRow


@validate_params(
    {
        "paths": [str, os.PathLike, Iterable],
        "threshold": [Real, None],
        "stability": ["boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def screen_images(
    detector: Any,
    paths: str | os.PathLike | Iterable[str | os.PathLike],
    *,
    pos_label: Any = None,
    threshold: float | None = None,
    stability: bool = False,
    batch_size: int = 128,
    n_jobs: int | None = None,
) -> Iterator[Row]:
    """Find the fakes among files: a row for each, in the order of the paths.

    Threads decode files while the detector computes, and rows come batch by batch, in
    constant memory. A file that can't be read has a row with the reason.

    Parameters
    ----------
    detector : estimator
        Fitted classifier: a detector of skfake, or any other that takes images.

    paths : path, or iterable of paths
        Files, whatever their extensions; folders, whose images are taken at any depth,
        in order, but for hidden files and links to folders; and patterns, such as
        ``photos/**/*.jpg``. An iterable is read as far as it is needed.

    pos_label : label or list of labels, default=None
        The labels that mean fake, whose probabilities are added up. With None they are
        those that the detector has learned, in `pos_label_`, or those that mean fake by
        their names.

    threshold : float, default=None
        Call an image fake from this probability on, or from this score where the
        detector has no probabilities. With None the detector decides; one with
        probabilities of more than two classes from 0.5 on.

    stability : bool, default=False
        Also label each image after mild corruptions, those of `StableClassifier`, which
        takes six times as long, and say in a column `agreement` how many of these views
        agree. Where the detector is a `StableClassifier`, its own views are counted,
        whatever this is.

    batch_size : int, default=128
        Images to compute together, at most.

    n_jobs : int, default=None
        Threads that open files, as in scikit-learn. Warnings of Pillow are not shown.

    Returns
    -------
    iterator of named tuples (path, probability, label, seconds, error)
        A row for each file. `probability` is that of a fake; where the detector has
        none, the second item is `score`, from `decision_function`. `label` is "fake" or
        "real" where the labels of the detector are 1 and 0, else the text of the label,
        and "unsure" where a `SelectiveClassifier` or a `StableClassifier` gives no
        answer. `agreement`, where there is one, comes after it: the fraction of the
        image and its re-encodings that have its label. `seconds` are those
        to open the file, with its part of the time of the batch, and `error` says why
        there is no answer, or is None.

    Raises
    ------
    TypeError
        If the detector is no fitted classifier.
    ValueError
        If `pos_label` is no label of the detector, or None where no label means fake,
        or `threshold` is no probability.
    FileNotFoundError
        If no path leads to an image.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.screening import screen_images
    >>> X, y = make_images(n_samples=100, return_X_y=True, random_state=0)
    >>> detector = SVMDetector().fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     for i in range(3):
    ...         Image.fromarray(X[i]).save(Path(folder, f"{i}.png"))
    ...     Path(folder, "3.png").touch()
    ...     rows = list(screen_images(detector, folder))
    >>> rows[3].label, rows[3].error
    (None, 'it is empty')
    >>> rows[0]._fields
    ('path', 'score', 'label', 'seconds', 'error')
    """
    labeller = Labeller(
        detector, pos_label=pos_label, threshold=threshold, stability=stability
    )
    found = require_images(find_images(paths))
    return _screen(labeller, found, batch_size, n_jobs)


def _screen(
    labeller: Labeller, found: Iterator[Found], batch_size: int, n_jobs: int | None
) -> Iterator[Row]:
    with open_images(found, batch_size=batch_size, n_jobs=n_jobs) as batches:
        yield from chain.from_iterable(make_rows(labeller, batch) for batch in batches)


def row_type(labeller: Labeller) -> type[Row]:
    """The named tuple that rows are."""
    if labeller.method == "decision_function":
        return StableScoreRow if labeller.says_agreement else ScoreRow
    return StableProbabilityRow if labeller.says_agreement else ProbabilityRow


def make_rows(labeller: Labeller, batch: list[Opened]) -> list[Row]:
    """Rows of a batch, in its order."""
    started = perf_counter()
    images = [opened.pixels for opened in batch if opened.pixels is not None]
    answers = iter(labeller.label(images) if images else [])
    part = (perf_counter() - started) / max(len(images), 1)
    make = row_type(labeller)
    rows = []
    for path, pixels, error, seconds in batch:
        value, label, agreement = None, None, None
        if pixels is not None:
            value, label, error, agreement = next(answers)
            seconds += part
        shown = [agreement] if labeller.says_agreement else []
        cells = [path, value, label, *shown, round(seconds, 6), error]
        rows.append(make._make(cells))
    return rows
