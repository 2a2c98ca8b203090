"""Labelled images, which SOURCE and --test name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skfake.cli.errors import one_line

if TYPE_CHECKING:
    import numpy as np
    from sklearn.utils import Bunch

N_SIMULATED = 2000
TEST_FRACTION = 0.2
# What holds the test images of a folder that holds its training images in "train".
TEST_FOLDERS = ("test", "val")


class Images(NamedTuple):
    """Images to compare detectors on."""

    title: str
    X: Any
    y: np.ndarray
    target_names: list[str]
    test: tuple[Any, np.ndarray] | None


def load_images(
    source: Path | None, test: Path | None, cv: int | None, seed: int
) -> Images:
    """Load what SOURCE and --test name, and hold out test images if --cv is missing."""
    from sklearn.model_selection import train_test_split

    from skfake.datasets import make_images

    if test is not None and (source is None or cv is not None):
        came = "no SOURCE" if source is None else "--cv"
        raise ValueError(f"--test must come with SOURCE and without --cv; got {came}.")
    if source is None:
        title = f"SIMULATED images (skfake.datasets.make_images, seed {seed})"
        train, tested = make_images(N_SIMULATED, random_state=seed), None
    else:
        title, train = f"Images of {source}", load_train(source)
        tested = load_test(source) if cv is None and test is None else None
    if test is not None:
        title += f", tested on those of {test}"
        with one_line(path="--test", source="--test"):
            tested = load_test(test) or load_train(test)
    X, y, names = train.data, train.target, [str(name) for name in train.target_names]
    held_out = None
    if tested is not None:
        held_out = tested.data, match_labels(tested, names)
    elif cv is None:
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=TEST_FRACTION, stratify=y, random_state=seed
        )
        held_out = X_test, y_test
    return Images(title, X, y, names, held_out)


def load_train(source: Path) -> Bunch:
    """Training images of a source, or all where it has no parts."""
    from skfake.datasets import load_cifake, load_image_folder

    if is_cifake(source):
        return load_cifake(source)
    return load_image_folder(source / "train" if find_test_folder(source) else source)


def load_test(source: Path) -> Bunch | None:
    """Test images of a source."""
    from skfake.datasets import load_cifake, load_image_folder

    if is_cifake(source):
        return load_cifake(source, split="test")
    folder = find_test_folder(source)
    return None if folder is None else load_image_folder(folder)


def is_cifake(source: Path) -> bool:
    """Whether a source is CIFAKE and not a folder of other images."""
    from skfake.images import read_image

    if not source.exists():
        raise FileNotFoundError(
            f"source must be a folder or an archive; got {str(source)!r}, which does "
            "not exist."
        )
    first = next(source.glob("train/FAKE/*.jpg"), None)
    return source.is_file() or (
        first is not None and read_image(first).shape == (32, 32, 3)
    )


def find_test_folder(source: Path) -> Path | None:
    """Folder of the test images beside the training images, which are in "train"."""
    if not (source / "train").is_dir():
        return None
    folders = [source / name for name in TEST_FOLDERS]
    return next((folder for folder in folders if folder.is_dir()), None)


def match_labels(tested: Bunch, names: list[str]) -> np.ndarray:
    """Labels of test images in the numbers of the training images."""
    import numpy as np

    strange = [str(name) for name in tested.target_names if name not in names]
    if strange:
        raise ValueError(
            f"Test images must be of the classes of the training images, "
            f"{', '.join(names)}; got the class {strange[0]!r}."
        )
    codes = np.array([names.index(name) for name in tested.target_names])
    return codes[tested.target]


def limit_images(images: Images, limit: int | None, seed: int) -> Images:
    """Draw at most so many training images, and as many test images."""
    from sklearn.utils import resample

    def draw(X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        if limit is None or limit >= len(y):
            return X, y
        return resample(
            X, y, replace=False, n_samples=limit, stratify=y, random_state=seed
        )

    X, y = draw(images.X, images.y)
    return images._replace(X=X, y=y, test=images.test and draw(*images.test))
