"""Checks of the images of a comparison: leaks, and what gives classes away."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import resample

from skfake.datasets import find_confounders, find_duplicates, find_near_duplicates
from skfake.evaluation._runs import Split, Task
from skfake.images import check_images
from skfake.results.comparison import LEAK_COLUMNS
from skfake.scikit_learn import take_rows

# Images that are searched for what gives the classes away besides the pictures.
N_FILES = 1000


def check_images_of(
    task: Task, splits: Sequence[Split], n_jobs: int | None, *, cure: str = ""
) -> dict[str, Any]:
    """Leaks, confounders and warnings, that of leaks first: fields of a comparison."""
    leaks = find_leaks(task, splits, n_jobs)
    confounders = _find_confounders(task, n_jobs)
    warnings = (
        [_describe_leaks(leaks, len(task.test_rows)) + f"{cure}."] if len(leaks) else []
    )
    if confounders is not None:
        findings = confounders["finding"]
        warnings += [f"Besides the pictures, {found}" for found in findings if found]
    return {"leaks": leaks, "confounders": confounders, "warnings": warnings}


def find_leaks(
    task: Task, splits: Sequence[Split], n_jobs: int | None = None
) -> pd.DataFrame:
    """Find test images of which a copy, or a near copy, is in training."""
    within = task.X_test is task.X
    tested = task.readable_test
    others = () if within else (task.readable,)
    exact = find_duplicates(tested, *others)
    near, distances = find_near_duplicates(
        tested, *others, return_distance=True, n_jobs=n_jobs
    )
    columns = ["image", "train_image"]
    found = [
        pd.DataFrame(exact, columns=columns).assign(exact=True, distance=0.0),
        pd.DataFrame(near, columns=columns).assign(exact=False, distance=distances),
    ]
    pairs = pd.concat(found).drop_duplicates(columns)
    for column, rows in zip(columns, (task.test_rows, task.rows), strict=True):
        pairs[column] = rows[pairs[column].to_numpy(dtype=int)]
    if within:
        swapped = pairs.rename(columns=dict(zip(columns, columns[::-1], strict=True)))
        pairs = pd.concat([pairs, swapped])
    tables = [_pairs_across(pairs, split) for split in splits]
    leaks = pd.concat(tables).sort_values(LEAK_COLUMNS[:3], ignore_index=True)
    return leaks[LEAK_COLUMNS]


def _describe_leaks(leaks: pd.DataFrame, n_images: int) -> str:
    """How many test images leak, in words."""
    n_leaked = leaks["image"].nunique()
    n_exact = leaks.loc[leaks["exact"], "image"].nunique()
    return (
        f"{n_leaked} of {n_images} test images have a copy among their training "
        f"images, {n_exact} of them to the pixel"
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
    if isinstance(check_images(task.readable), np.ndarray):
        return None
    rows = task.rows
    if len(rows) > N_FILES:
        labels = task.y[rows]
        rows = resample(
            rows, replace=False, n_samples=N_FILES, stratify=labels, random_state=0
        )
    X, y = take_rows(task.X, rows), take_rows(task.y, rows)
    if min(np.unique(y, return_counts=True)[1]) < 2:
        return None
    return find_confounders(X, y, target_names=task.classes.names, n_jobs=n_jobs)
