"""Support vector machines: fitted by either library, and judged by one formula."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.svm import SVC
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skfake.labels import decode_scores
from skfake.scikit_learn import count_votes

FAST = "scikit-learn-intelex"
# Values of the kernel that are in memory at a time: 32 MB.
BLOCK = 2**22


def resolve_engine(engine: str) -> str:
    """Library that an `engine` names."""
    installed = find_spec("sklearnex") is not None
    if engine == "auto":
        return FAST if installed else "scikit-learn"
    if engine == FAST and not installed:
        raise ImportError(
            f"engine must be a library that is installed; got {FAST!r}. "
            'Run pip install "skfake[fast]".'
        )
    return engine


def find_gamma(
    X: np.ndarray, gamma: str | float, weights: np.ndarray | None = None
) -> float:
    """Coefficient of the kernel, as SVC has it, with the variance of weighted rows."""
    if not isinstance(gamma, str):
        return float(gamma)
    if gamma == "auto":
        spread = 1.0
    elif weights is None:
        spread = X.var()
    else:
        mean = np.average(X.mean(axis=1), weights=weights)
        spread = np.average(((X - mean) ** 2).mean(axis=1), weights=weights)
    return 1.0 / (X.shape[1] * spread) if spread else 1.0


@dataclass(kw_only=True, eq=False, repr=False)
class KernelMachine(ClassifierMixin, BaseEstimator):
    """SVC of a library, of which the support vectors and their weights are kept."""

    C: float = 1.0
    kernel: str = "rbf"
    gamma: str | float = "scale"
    engine: str = "scikit-learn"
    cache_size: float = 1000
    random_state: Any = None

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: Any = None) -> Self:
        """Fit the machine to features (n, n_features)."""
        self.gamma_ = find_gamma(X, self.gamma)
        svc = self._make_svc()
        if self.engine == FAST:
            # benchmarks/svm_engines.py: labels stay the same, in half of the time.
            X = X.astype(np.float32)
        svc.fit(X, y, sample_weight=sample_weight)
        self.classes_ = svc.classes_
        self.n_support_ = np.asarray(svc.n_support_, dtype=np.int64)
        self.support_vectors_ = np.asarray(svc.support_vectors_, dtype=np.float64)
        self.dual_coef_ = np.asarray(svc.dual_coef_, dtype=np.float64)
        self.intercept_ = np.asarray(svc.intercept_, dtype=np.float64).ravel()
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Distances (n,) of two classes, or (n, n_classes), as SVC gives them."""
        check_is_fitted(self)
        size = max(1, BLOCK // len(self.support_vectors_))
        parts = [self._compare(X[rows]) for rows in gen_batches(len(X), size)]
        distances = np.concatenate(parts)
        if len(self.classes_) == 2:
            return distances[:, 0]
        return count_votes(distances < 0, -distances, len(self.classes_))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Labels (n,) that the distances speak for."""
        return decode_scores(self.classes_, self.decision_function(X))

    def _make_svc(self) -> SVC:
        settings = {
            "C": self.C,
            "kernel": self.kernel,
            "gamma": self.gamma_,
            "cache_size": self.cache_size,
            # With None it would draw a seed that it never uses from numpy's generator.
            "random_state": 0 if self.random_state is None else self.random_state,
        }
        if self.engine != FAST:
            return SVC(**settings)
        # An extra, and slow to import.
        from sklearnex.svm import SVC as FastSVC

        return FastSVC(**settings)

    def _compare(self, X: np.ndarray) -> np.ndarray:
        """Distances (n, n_pairs) of images to the margin of each pair of classes."""
        kernel = pairwise_kernels(
            np.asarray(X, dtype=np.float64),
            self.support_vectors_,
            metric=self.kernel,
            filter_params=True,
            gamma=self.gamma_,
            degree=3,
            coef0=0.0,
        )
        if len(self.classes_) == 2:
            return kernel @ self.dual_coef_.T + self.intercept_
        # Row j - 1 of class i, or row j of a class i after it, holds the weights of
        # class i's vectors against class j, as libsvm lays them out.
        ends = np.cumsum(self.n_support_)
        parts = [
            slice(end - n, end) for end, n in zip(ends, self.n_support_, strict=True)
        ]
        columns = []
        for i, mine in enumerate(parts):
            for j, theirs in enumerate(parts[i + 1 :], start=i + 1):
                columns.append(
                    kernel[:, mine] @ self.dual_coef_[j - 1, mine]
                    + kernel[:, theirs] @ self.dual_coef_[i, theirs]
                )
        return np.column_stack(columns) + self.intercept_

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "support_vectors_"):
            self._check_arrays()

    def _check_arrays(self) -> None:
        """Refuse what was not learned together."""
        n, n_classes = len(self.support_vectors_), len(self.classes_)
        n_rows = 1 if n_classes == 2 else n_classes - 1
        sound = (
            self.support_vectors_.ndim == 2
            and self.n_support_.shape == (n_classes,)
            and self.n_support_.min() >= 0
            and self.n_support_.sum() == n
            and self.dual_coef_.shape == (n_rows, n)
            and self.intercept_.shape == (n_classes * (n_classes - 1) // 2,)
        )
        if not sound:
            raise ValueError(
                "support_vectors_, n_support_, dual_coef_ and intercept_ must be of "
                "one machine; got arrays that do not fit together."
            )
