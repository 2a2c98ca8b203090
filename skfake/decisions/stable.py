"""A classifier that is sure of a label that mild damage to the image doesn't change."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if

from skfake.decisions._abstaining import AbstainingClassifier
from skfake.decisions._fixed_sequence import are_above, lexicographic_threshold
from skfake.decisions._held_out import wrapped_has
from skfake.decisions.views import learn_range, list_views, score_views
from skfake.scoring import Scores, compare_logarithms, decide_images, log_probabilities


@dataclass(eq=False, repr=False)
class StableClassifier(AbstainingClassifier):
    """Classifier that is sure where mild changes of an image leave its label.

    An image of the web has been compressed and resized before anyone asks whether it is
    fake. A classifier is stable that answers the same then, as in stability training
    [1]_. Here each image has several *views*: as it is, and after each of a few mild
    corruptions. Their scores are averaged (test-time augmentation [2]_), the label
    follows from the mean, and the agreement is the fraction of the views whose own
    label it is.

    It is sure of an image where its agreement or, among those of equal agreement, its
    confidence is above a threshold, the confidence being the greatest averaged score.
    The threshold is set on held-out images, as low as possible while of the images
    above it no more than a fraction `max_error` is wrong, with the probability
    `confidence_level`, as that of `SelectiveClassifier` is.

    Parameters
    ----------
    estimator : classifier
        Two or more classes, with `predict_proba` or `decision_function`, that takes
        images: a pipeline is put inside, as its features can't be compressed.

    max_error : float, default=0.01
        Greatest fraction of wrong labels among the images that it is sure of.

    confidence_level : float, default=0.95
        Probability, over the images that are held out, that the fraction of errors
        stays at or below `max_error`.

    corruptions : dict of lists of float, default=None
        Strengths by the names of corruptions, as in `evaluate_robustness`: each is one
        more view. With None they are JPEG of the qualities 90 and 75, WebP of the
        quality 90, "rescale" by 0.9 and "blur" of 0.5 pixels, so that there are six
        views.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    cv : float, int, splitter, iterable of (train, test) or "prefit", default=0.2
        Which images are held out from fitting, to set the threshold on, as in
        `SelectiveClassifier`. With "prefit" the estimator is fitted already and `fit`
        only sets the threshold.

    random_state : int, RandomState instance or None, default=None
        Draws the split where `cv` is a float. Views are not random: an image has the
        same ones every time, whatever else is in X.

    n_jobs : int, default=None
        Threads that open files, and processes that make views, as in scikit-learn.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    estimator_ : classifier
        The fitted estimator.

    threshold_ : tuple (agreement, confidence)
        It is sure of images whose agreement is above the first, or equal to it while
        the confidence is above the second. Both are infinite where no threshold keeps
        the bound, and minus infinity where it is sure of all.

    pos_label_ : label, list of labels or None
        What means fake: what the estimator says or, where it says nothing, the names
        of the labels; None where neither does.

    coverage_ : float
        Fraction of the held-out images that it is sure of.

    n_held_out_ : int
        Images that the threshold was set on.

    pixel_range_ : tuple (least, greatest) or None
        Numbers seen in `fit` that were on no known scale; None where they were images.

    n_features_in_ : int
        Values of one image seen in `fit`, where the estimator knows it.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    skfake.decisions.SelectiveClassifier : Goes by the confidence in the image as it is,
        and takes a sixth of the time.
    skfake.evaluation.evaluate_robustness : How much a detector loses on images that are
        damaged.

    Notes
    -----
    The bound holds for images like the held-out ones, as they come: of images that are
    compressed harder, more may be unsure, and more of the sure ones wrong.

    Labels are those of the greatest averaged score. A threshold that the estimator puts
    on its probabilities, as `TunedThresholdClassifierCV` does, plays no part; distances
    from one, as those of `NeymanPearsonClassifier`, are averaged.

    Numbers on no known scale, such as standardised ones, can't be compressed. They have
    one view, all of which agree, and only the confidence counts.

    References
    ----------
    .. [1] S. Zheng, Y. Song, T. Leung and I. Goodfellow, "Improving the robustness of
       deep neural networks via stability training", CVPR 2016, arXiv:1604.04326.
    .. [2] Y. Bahat and G. Shakhnarovich, "Classification confidence estimation with
       test-time data-augmentation", arXiv:2006.16705.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.decisions import StableClassifier
    >>> X, y = make_images(n_samples=1000, return_X_y=True, random_state=0)
    >>> stable = StableClassifier(
    ...     SVMDetector(),
    ...     max_error=0.35,
    ...     corruptions={"jpeg": [90, 75]},
    ...     cv=0.5,
    ...     random_state=0,
    ... ).fit(X[:600], y[:600])
    >>> X, y = X[600:], y[600:]
    >>> sure = stable.is_sure(X)
    >>> bool(stable.score(X[sure], y[sure]) > 0.7 > stable.score(X, y))
    True
    >>> stable.agreement(X).shape
    (400,)
    """

    estimator: Any
    _: KW_ONLY
    max_error: float = 0.01
    confidence_level: float = 0.95
    corruptions: dict[str, Sequence[float]] | None = None
    image_shape: tuple[int, ...] | None = None
    cv: Any = 0.2
    random_state: Any = None
    n_jobs: int | None = None

    _parameter_constraints: ClassVar[dict] = {
        **AbstainingClassifier._parameter_constraints,
        "corruptions": [dict, None],
        "image_shape": [tuple, None],
        "n_jobs": [Integral, None],
    }

    def agreement(self, X: Any) -> np.ndarray:
        """Fraction of the views of each image that have its label.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        float array of shape (n,)
            1 where all agree, the image as it is being one of them.
        """
        return self.score_images(X).agreement

    @available_if(wrapped_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, averaged over the views.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        float array of shape (n, n_classes)
            In the order of `classes_`.
        """
        return self.score_images(X).values

    @available_if(wrapped_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Signed distances, averaged over the views.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        float array of shape (n,) for two classes, else (n, n_classes)
            For two classes, positive speaks for `classes_[1]`. Where the estimator has
            probabilities too, the logarithms of the averaged odds (two classes) or
            probabilities, so that all methods agree.
        """
        scores = self.score_images(X)
        if scores.are_probabilities:
            return compare_logarithms(log_probabilities(scores.values))
        return scores.values[:, 1] if len(self.classes_) == 2 else scores.values

    def _fit_and_judge(self, X: Any, y: np.ndarray) -> np.ndarray:
        list_views(self.corruptions)
        self.pixel_range_ = learn_range(X, self.image_shape)
        return super()._fit_and_judge(X, y)

    def _judge(self, model: Any, X: Any, y: np.ndarray) -> np.ndarray:
        """Agreement and confidence of each answer, and whether it is wrong."""
        scores = self._average_views(model, X)
        return np.column_stack([_rank(scores), scores.labels != y])

    def _find_threshold(
        self, ranking: np.ndarray, wrong: np.ndarray, *, max_error: float, delta: float
    ) -> tuple[float, ...]:
        return lexicographic_threshold(ranking, wrong, max_error=max_error, delta=delta)

    def _are_sure(self, ranking: np.ndarray) -> np.ndarray:
        return are_above(ranking, self.threshold_)

    def _score_images(self, X: Any) -> Scores:
        scores = self._average_views(self.estimator_, X)
        return replace(scores, is_sure=self._are_sure(_rank(scores)))

    def _average_views(self, model: Any, X: Any) -> Scores:
        views = score_views(
            partial(decide_images, model),
            X,
            list_views(self.corruptions),
            image_shape=self.image_shape,
            pixel_range=self.pixel_range_,
            n_jobs=self.n_jobs,
        )
        return Scores.average(views)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Of images, which are no sparse matrices and lack no pixels.
        tags.input_tags.sparse = tags.input_tags.allow_nan = False
        return tags


def _rank(scores: Scores) -> np.ndarray:
    """Agreement and, where it is equal, greatest score of each image."""
    return np.column_stack([scores.agreement, scores.values.max(axis=1)])
