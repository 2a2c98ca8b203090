"""Maps of what in an image speaks for a class."""

from typing import Any

import numpy as np

from skfake.detectors import SVMDetector
from skfake.explanation._cells import cell_maps
from skfake.explanation._members import find_members, has_heat_maps
from skfake.scikit_learn import StrOptions, validate_params


@validate_params(
    {
        "method": [StrOptions({"integrated", "grad-cam", "hirescam", "layercam"})],
        "layer": [str, None],
    },
    prefer_skip_nested_validation=True,
)
def saliency_maps(
    detector: Any,
    X: Any,
    *,
    label: Any = None,
    method: str = "integrated",
    layer: str | None = None,
) -> np.ndarray:
    """Where in each image a detector finds what speaks for a class, or against it.

    For a network, a layer's maps are weighed by the gradient of the score with respect
    to them and added up, as in Grad-CAM [1]_. For `SVMDetector`, it is how much the
    score falls when the histogram of a cell is replaced by the mean one of the training
    images [2]_. A map shows where the detector looked, not whether it is right, nor
    that a place was forged: see :doc:`/explanation`.

    Parameters
    ----------
    detector : estimator
        Fitted detector of skfake. A pipeline that ends in one, a search for one, or a
        classifier around one, such as `CalibratedClassifierCV` and those of
        `skfake.decisions`, is opened.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes.

    label : label, default=None
        The class to explain, such as 1 where that is the label of fakes. With None it
        is, for each image, the one that the detector predicts.

    method : {"integrated", "grad-cam", "hirescam", "layercam"}, default="integrated"
        How gradients weigh the maps of a layer, where there is a network. "grad-cam"
        takes their mean over each map [1]_, "hirescam" weighs position by position
        [3]_, "layercam" does so by the positive ones alone [4]_, which after a ReLU
        leaves out what speaks against the class. "integrated" is "hirescam" with the
        mean of the gradients at sixteen points from zero to the output of the layer
        [5]_. It takes sixteen times as long, and holds where the score is so high that
        its gradient vanishes.

    layer : str, default=None
        Name of a layer in `detector.net_.module_[1]`, or in the network of an
        `EncoderDetector`, of which the centre of the image is explained. With
        None it is the last one with maps of 7x7 positions or more, or else of the most
        that there are. Grad-CAM assumes that the layer ends in a ReLU.

    Returns
    -------
    float32 array of shape (n, image_size, image_size)
        Of the image as a whole, or of the square in its centre where the detector
        resizes nothing. Positive values speak for the class, negative ones against it.
        They are comparable between images of one detector, and have no unit.

    Raises
    ------
    TypeError
        If there is no detector within, or one that makes its own maps.
    ValueError
        If X can't be read, `label` is no class, or `layer` is none that gives maps.
    sklearn.exceptions.NotFittedError
        If the detector is not fitted.

    See Also
    --------
    ExplanationDisplay : Shows the maps on the images.

    Notes
    -----
    What is explained is the logarithm of the odds of the class, or the signed distance
    to the margin, before any calibration around the detector. For two classes, all of
    these change sign with `label`, and so do the maps but for "layercam".

    The ReLU by which [1]_ and [3]_ drop what speaks against the class is left to the
    caller: `np.maximum(maps, 0)`. The maps of several detectors in a
    `CalibratedClassifierCV`, whose probabilities are averaged, are averaged too. The
    detector is left as it was, and no random number is drawn.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via
       gradient-based localization", ICCV 2017.
    .. [2] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional
       networks", ECCV 2014, section 4.2, where pixels are occluded. For features:
       M. Robnik-Sikonja and I. Kononenko, "Explaining classifications for individual
       instances", IEEE Transactions on Knowledge and Data Engineering, 2008.
    .. [3] R. L. Draelos and L. Carin, "Use HiResCAM instead of Grad-CAM for faithful
       explanations of convolutional neural networks", arXiv:2011.08891.
    .. [4] P.-T. Jiang et al., "LayerCAM: exploring hierarchical class activation maps
       for localization", IEEE Transactions on Image Processing, 2021.
    .. [5] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep
       networks", ICML 2017, here for a layer in place of the pixels, as in
       S. Sattarzadeh et al., "Integrated Grad-CAM", ICASSP 2021.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.explanation import saliency_maps
    >>> X, y = make_images(n_samples=200, return_X_y=True, random_state=0)
    >>> detector = SVMDetector().fit(X[:150], y[:150])
    >>> saliency_maps(detector, X[150:], label=1).shape
    (50, 32, 32)
    """
    members = find_members(detector, X)
    labels = find_labels(detector, X, label)
    maps = [
        _maps_of(member, images, labels, method=method, layer=layer)
        for member, images in members
    ]
    if len({of.shape for of in maps}) > 1:
        raise TypeError(
            "detector must hold detectors of one image_size to average their maps; got "
            f"{sorted({of.shape[1] for of in maps})}. Explain each alone."
        )
    return np.stack(maps).mean(axis=0, dtype=np.float32)


def find_labels(detector: Any, X: Any, label: Any) -> np.ndarray:
    """Class to explain, for each image."""
    if label is None:
        return detector.predict(X)
    if np.ndim(label) != 0 or label not in detector.classes_.tolist():
        raise ValueError(
            f"label must be one of the classes, {detector.classes_.tolist()}; got "
            f"{label!r}."
        )
    return np.full(len(X), label)


def _maps_of(
    detector: Any, X: Any, labels: np.ndarray, *, method: str, layer: str | None
) -> np.ndarray:
    if has_heat_maps(detector):
        raise TypeError(
            f"detector must be one without heat_maps of its own; got a "
            f"{type(detector).__name__}. Use its heat_maps, or ExplanationDisplay."
        )
    codes = np.searchsorted(detector.classes_, labels)
    if isinstance(detector, SVMDetector):
        return cell_maps(detector, X, codes)
    # torch is slow to import, and an SVM does without.
    from skfake.explanation._activation import activation_maps

    return activation_maps(detector, X, codes, method=method, layer=layer)
