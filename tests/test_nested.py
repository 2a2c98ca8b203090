"""The fitted estimators that another one is made of."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfake.nested import walk_nested

X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


def test_all_that_is_inside_is_found_from_the_outside_in():
    search = GridSearchCV(make_pipeline("passthrough", DummyClassifier()), {}, cv=2)
    stacking = StackingClassifier(
        [("a", search), ("b", CalibratedClassifierCV(DummyClassifier(), cv=2))], cv=2
    ).fit(X, y)
    parts = list(walk_nested(stacking))
    kinds = [type(part).__name__ for part in parts]
    assert parts[0] is stacking
    assert kinds.index("GridSearchCV") < kinds.index("Pipeline")
    assert {"CalibratedClassifierCV", "LogisticRegression"} <= set(kinds)
    fitted = [
        p for p in parts if isinstance(p, DummyClassifier) and hasattr(p, "classes_")
    ]
    assert len(fitted) >= 3


def test_of_a_pipeline_the_last_step_comes_first():
    first, last = DummyClassifier(), DummyClassifier()
    assert list(walk_nested(make_pipeline(first, last)))[1:] == [last, first]
