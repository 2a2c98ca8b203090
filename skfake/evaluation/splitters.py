"""Splits that test on generators which training lacks."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, KFold, ShuffleSplit
from sklearn.utils import check_consistent_length, column_or_1d

from skfake.labels import check_pos_label
from skfake.metrics.summary import check_two_classes


class LeaveOneGeneratorOut(BaseCrossValidator):
    """Splits that each test on the fakes of one generator, unseen in training.

    In the split of a generator its fakes are for testing, those of all others for
    training; the reals are split at random. So the metrics say how well a detector does
    on a generator that is new to it [1]_.

    Parameters
    ----------
    test_size : float or int, default=None
        Fraction or number of the reals that each split tests on, drawn for each.
        With None there are as many parts of them as generators, and each part is
        tested on once, as each fake is.

    pos_label : label, default=None
        The label of the fakes. With None it is the label that
        means fake, 1 of 0 and 1, or else the greater.

    random_state : int, RandomState instance or None, default=None
        Draws the reals. An int gives the same splits each time.

    See Also
    --------
    skfake.metrics.tabulate_generators : Metrics of each generator.
    skfake.datasets.load_image_folder : Its `generators` are what `groups` takes.
    sklearn.model_selection.LeaveOneGroupOut : Leaves out whole groups, their reals
        among them.

    Notes
    -----
    `split(X, y, groups)` takes as `groups` the generator of each image; those of reals
    are not read. The splits come in the order of the sorted names.

    References
    ----------
    .. [1] S.-Y. Wang, O. Wang, R. Zhang, A. Owens and A. A. Efros, "CNN-generated
       images are surprisingly easy to spot... for now", CVPR 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfake import compare_detectors
    >>> from skfake.evaluation import LeaveOneGeneratorOut
    >>> from skfake.metrics import tabulate_generators
    >>> y = np.repeat([0, 1, 1], 20)
    >>> generators = np.repeat(["", "glide", "sdxl"], 20)
    >>> X = np.random.default_rng(0).normal(size=(60, 16)) + y[:, np.newaxis]
    >>> cv = LeaveOneGeneratorOut(random_state=0).split(X, y, generators)
    >>> comparison = compare_detectors({"logistic": LogisticRegression()}, X, y, cv=cv)
    >>> tabulate_generators(comparison.predictions, generators).shape
    (2, 5)
    """

    # As scikit-learn's own splitters by groups say that they want them.
    __metadata_request__split: ClassVar[dict] = {"groups": True}

    def __init__(
        self,
        *,
        test_size: float | None = None,
        pos_label: Any = None,
        random_state: Any = None,
    ) -> None:
        self.test_size = test_size
        self.pos_label = pos_label
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Count the splits: as many as generators.

        Parameters
        ----------
        X : object, default=None
            Not looked at.

        y, groups : array-like of shape (n,)
            Labels of two classes, and generators of the images.

        Returns
        -------
        int

        Raises
        ------
        ValueError
            If y or groups can't be read or hold fakes of fewer than two generators.
        """
        fakes, groups = self._check(y, groups)
        return len(np.unique(groups[fakes]))

    def _iter_test_indices(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[np.ndarray]:
        fakes, groups = self._check(y, groups)
        generators = np.unique(groups[fakes])
        reals = np.flatnonzero(~fakes)
        parts = self._split_reals(reals, len(generators))
        for name, (_, part) in zip(generators, parts, strict=True):
            made = np.flatnonzero(fakes & (groups == name))
            yield np.concatenate([made, reals[part]])

    def _split_reals(self, reals: np.ndarray, n_splits: int) -> Iterator[tuple]:
        if self.test_size is not None:
            splitter = ShuffleSplit(
                n_splits, test_size=self.test_size, random_state=self.random_state
            )
        elif len(reals) < n_splits:
            raise ValueError(
                f"y must hold a real for each of {n_splits} generators; got "
                f"{len(reals)}. Set test_size to test on the same reals again."
            )
        else:
            splitter = KFold(n_splits, shuffle=True, random_state=self.random_state)
        return splitter.split(reals)

    def _check(self, y: Any, groups: Any) -> tuple[np.ndarray, np.ndarray]:
        """Whether each image is a fake, and its generator."""
        if y is None or groups is None:
            name = "y" if y is None else "groups"
            raise ValueError(
                f"{name} must be given to split by generators; got None. Use "
                "split(X, y, groups)."
            )
        y, groups = column_or_1d(y), column_or_1d(groups)
        check_consistent_length(y, groups)
        labels = check_two_classes("y must hold labels", y)
        fakes = y == check_pos_label(self.pos_label, labels)
        unnamed = pd.isna(groups[fakes])
        if unnamed.any():
            raise ValueError(
                "groups must name the generator of each fake; got None or NaN for "
                f"{unnamed.sum()} of {len(unnamed)}."
            )
        names = np.unique(groups[fakes]).tolist()
        if len(names) < 2:
            raise ValueError(
                f"groups must hold at least two generators of fakes; got one, "
                f"{names[0]!r}, which would leave no fake to train on."
            )
        return fakes, groups
