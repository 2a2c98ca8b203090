"""Libraries that fit support vector machines, and machines in a form of all of them."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC

FAST = "scikit-learn-intelex"


def resolve_engine(engine: str) -> str:
    """Library that an `engine` names."""
    installed = find_spec("sklearnex") is not None
    if engine == "auto":
        return "scikit-learn-intelex" if installed else "scikit-learn"
    if engine == "scikit-learn-intelex" and not installed:
        raise ImportError(
            "engine must be a library that is installed; got 'scikit-learn-intelex'. "
            'Run pip install "skfake[fast]".'
        )
    return engine


def support_vector_class(engine: str) -> type[SVC]:
    """Class of support vector machines of a library."""
    if engine == "scikit-learn":
        return SVC
    # An extra, and slow to import.
    from sklearnex.svm import SVC as FastSVC

    return FastSVC


def to_scikit_learn(svc: Any) -> Any:
    """A fitted machine as scikit-learn's own, whichever library fitted it."""
    return _replace(svc, _to_plain)


def to_engine(svc: Any, engine: str) -> tuple[Any, str]:
    """A machine that `to_scikit_learn` made, as one of the library that fitted it."""
    _replace(svc, _check_arrays)
    if engine == FAST and find_spec("sklearnex") and len(svc.classes_) == 2:
        return _replace(svc, _to_fast), FAST
    return svc, "scikit-learn"


def _replace(svc: Any, change: Callable[[SVC], SVC]) -> Any:
    """The machine, or all in a calibrated one, changed."""
    if not isinstance(svc, CalibratedClassifierCV):
        return change(svc)
    calibrated = copy(svc)
    calibrated.estimator = change(svc.estimator)
    calibrated.calibrated_classifiers_ = []
    for part in svc.calibrated_classifiers_:
        part = copy(part)
        part.estimator = change(part.estimator)
        calibrated.calibrated_classifiers_.append(part)
    return calibrated


def _to_plain(svc: SVC) -> SVC:
    if type(svc) is SVC:
        return svc
    plain = _with_params_of(svc, SVC)
    if not hasattr(svc, "support_vectors_"):
        return plain
    sign = -1 if len(svc.classes_) == 2 else 1
    dual_coef = np.ascontiguousarray(svc.dual_coef_, dtype=np.float64)
    intercept = np.ascontiguousarray(svc.intercept_, dtype=np.float64)
    vars(plain).update(
        classes_=svc.classes_,
        class_weight_=np.asarray(svc.class_weight_, dtype=np.float64),
        n_features_in_=svc.n_features_in_,
        shape_fit_=svc.shape_fit_,
        fit_status_=svc.fit_status_,
        support_=np.asarray(svc.support_, dtype=np.int32),
        support_vectors_=np.ascontiguousarray(svc.support_vectors_, dtype=np.float64),
        dual_coef_=dual_coef,
        intercept_=intercept,
        # What scikit-learn predicts by, with the signs of its library's.
        _dual_coef_=sign * dual_coef,
        _intercept_=sign * intercept,
        _n_support=np.asarray(svc._n_support, dtype=np.int32),
        _num_iter=np.asarray(svc.n_iter_, dtype=np.int32).ravel(),
        n_iter_=np.asarray(svc.n_iter_, dtype=np.int32).ravel(),
        _probA=np.empty(0),
        _probB=np.empty(0),
        _gamma=float(svc._gamma),
        _sparse=False,
        _effective_probability=False,
    )
    return plain


def _check_arrays(svc: SVC) -> SVC:
    """Refuse what compiled code would read beyond the ends of."""
    if not hasattr(svc, "support_vectors_"):
        return svc
    n = len(svc.support_vectors_)
    n_classes = len(svc.classes_)
    n_pairs = n_classes * (n_classes - 1) // 2
    sound = (
        svc.support_vectors_.ndim == 2
        and svc.support_vectors_.shape[1] == svc.shape_fit_[1]
        and svc._n_support.shape == (n_classes,)
        and svc._n_support.min() >= 0
        and svc._n_support.sum() == n
        and svc.support_.shape == (n,)
        and svc._dual_coef_.shape == svc.dual_coef_.shape == (n_classes - 1, n)
        and svc._intercept_.shape == svc.intercept_.shape == (n_pairs,)
        and not svc._sparse
    )
    if not sound:
        raise ValueError("the arrays of its support vector machine don't fit together")
    return svc


def _to_fast(svc: SVC) -> SVC:
    fast = _with_params_of(svc, support_vector_class(FAST))
    if not hasattr(svc, "support_vectors_"):
        return fast
    for name, value in vars(svc).items():
        if name not in ("_dual_coef_", "_intercept_"):
            setattr(fast, name, value)
    return fast


def _with_params_of(svc: SVC, kind: type[SVC]) -> SVC:
    known = kind().get_params()
    return kind(**{k: v for k, v in svc.get_params().items() if k in known})
