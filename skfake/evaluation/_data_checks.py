"""Checks of the images of a comparison: leaks, and what gives classes away."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import resample

from skfake.datasets import find_confounders, find_duplicates, find_near_duplicates
from skfake.evaluation._runs import Split, Task
from skfake.images import check_images
from skfake.results.comparison import LEAK_COLUMNS, no_leaks
from skfake.scikit_learn import take_rows

# Images that are searched for what gives the classes away besides the pictures.
N_FILES = 1000


def check_images_of(
    task: Task, splits: Sequence[Split], n_jobs: int | None
) -> dict[str, Any]:
    """Leaks, confounders and warnings: fields of a comparison."""
    try:
        leaks = find_leaks(task, splits, n_jobs)
        confounders = _find_confounders(task, n_jobs)
    except (OSError, ValueError, TypeError) as error:
        failed = f"Images could not be checked for leaks: {str(error).splitlines()[0]}"
        return {"leaks": no_leaks(), "warnings": [failed]}
    warnings = [describe_leaks(leaks, len(task.y_test))] if len(leaks) else []
    if confounders is not None:
        findings = confounders["finding"]
        warnings += [f"Besides the pictures, {found}" for found in findings if found]
    return {"leaks": leaks, "confounders": confounders, "warnings": warnings}


def find_leaks(
    task: Task, splits: Sequence[Split], n_jobs: int | None = None
) -> pd.DataFrame:
    """Find test images of which a copy, or a near copy, is in training."""
    within = task.X_test is task.X
    others = () if within else (task.X,)
    exact = find_duplicates(task.X_test, *others)
    near, distances = find_near_duplicates(
        task.X_test, *others, return_distance=True, n_jobs=n_jobs
    )
    columns = ["image", "train_image"]
    found = [
        pd.DataFrame(exact, columns=columns).assign(exact=True, distance=0.0),
        pd.DataFrame(near, columns=columns).assign(exact=False, distance=distances),
    ]
    pairs = pd.concat(found).drop_duplicates(columns)
    if within:
        swapped = pairs.rename(columns=dict(zip(columns, columns[::-1], strict=True)))
        pairs = pd.concat([pairs, swapped])
    tables = [_pairs_across(pairs, split) for split in splits]
    leaks = pd.concat(tables).sort_values(LEAK_COLUMNS[:3], ignore_index=True)
    return leaks[LEAK_COLUMNS]


def describe_leaks(leaks: pd.DataFrame, n_images: int) -> str:
    """How many test images leak, in words."""
    n_leaked = leaks["image"].nunique()
    n_exact = leaks.loc[leaks["exact"], "image"].nunique()
    return (
        f"{n_leaked} of {n_images} test images have a copy among their training "
        f"images, {n_exact} of them to the pixel; without_leaks() leaves them out."
    )


def _pairs_across(pairs: pd.DataFrame, split: Split) -> pd.DataFrame:
    """Pairs of a test image and a training image of a split."""
    if split.train is not None and split.test is not None:
        pairs = pairs[
            pairs["image"].isin(split.test) & pairs["train_image"].isin(split.train)
        ]
    return pairs.assign(fold=split.fold)


def _find_confounders(task: Task, n_jobs: int | None) -> pd.DataFrame | None:
    """Confounders of files and of images of several sizes; equal arrays have none."""
    if isinstance(check_images(task.X), np.ndarray):
        return None
    rows = np.arange(len(task.y))
    if len(rows) > N_FILES:
        rows = resample(
            rows, replace=False, n_samples=N_FILES, stratify=task.y, random_state=0
        )
    X, y = take_rows(task.X, rows), take_rows(task.y, rows)
    if min(np.unique(y, return_counts=True)[1]) < 2:
        return None
    return find_confounders(X, y, target_names=task.classes.names, n_jobs=n_jobs)
