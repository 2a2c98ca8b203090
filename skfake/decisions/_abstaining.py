"""What classifiers do that leave images undecided, to err rarely on the others."""

from abc import abstractmethod
from math import ceil, log, log1p
from typing import Any, ClassVar

import numpy as np

from skfake.decisions._held_out import FRACTION, HeldOutClassifier
from skfake.labels import learn_pos_label, read_pos_label


class AbstainingClassifier(HeldOutClassifier):
    """A classifier around another that says of which images it is sure."""

    _parameter_constraints: ClassVar[dict] = {
        **HeldOutClassifier._parameter_constraints,
        "max_error": [FRACTION],
        "confidence_level": [FRACTION],
    }

    @abstractmethod
    def _find_threshold(
        self, ranking: np.ndarray, wrong: np.ndarray, *, max_error: float, delta: float
    ) -> Any:
        """Least place in a ranking (n, n_keys) above which errors are bounded."""

    @abstractmethod
    def _are_sure(self, ranking: np.ndarray) -> np.ndarray:
        """Which rows of a ranking (n, n_keys) are above `threshold_`."""

    def is_sure(self, X: Any) -> np.ndarray:
        """Whether the label of each image is sure.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        bool array of shape (n,)
        """
        return self.score_images(X).is_sure

    def predict_or_abstain(self, X: Any, *, unsure: Any = None) -> np.ndarray:
        """Labels of the images that it is sure of.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        unsure : object, default=None
            What stands in place of the other labels.

        Returns
        -------
        object array of shape (n,)
        """
        scores = self.score_images(X)
        answers = scores.labels.astype(object)
        answers[~scores.is_sure] = unsure
        return answers

    def _set_threshold(self, judged: np.ndarray) -> None:
        """Learn from rows of a ranking, the last column being whether it is wrong."""
        self.n_held_out_, delta = len(judged), 1 - self.confidence_level
        least = ceil(log(delta) / log1p(-self.max_error))
        if self.n_held_out_ < least:
            raise ValueError(
                f"cv must hold out at least {least} images for max_error="
                f"{self.max_error:g} with confidence_level={self.confidence_level:g}; "
                f"got {self.n_held_out_}. Pass more images, hold out more of them, or "
                "ask for less."
            )
        said = read_pos_label(self.estimator_)
        self.pos_label_ = learn_pos_label(self.classes_, said)
        ranking, wrong = judged[:, :-1], judged[:, -1]
        self.threshold_ = self._find_threshold(
            ranking, wrong, max_error=self.max_error, delta=delta
        )
        self.coverage_ = float(np.mean(self._are_sure(ranking)))
