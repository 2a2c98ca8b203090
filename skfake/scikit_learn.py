"""The few private names of scikit-learn that skfake takes, under public ones.

And the settings under which skfake calls scikit-learn inside.
"""

from contextlib import AbstractContextManager

from sklearn import config_context
from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import (
    Interval,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils.multiclass import _ovr_decision_function as count_votes
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "count_votes",
    "fit_context",
    "is_pandas_na",
    "plain_config",
    "take_rows",
    "validate_params",
]


def plain_config() -> AbstractContextManager:
    """What is passed on inside is no metadata to be routed, and no frame to be made."""
    return config_context(enable_metadata_routing=False, transform_output="default")
