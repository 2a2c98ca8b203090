"""Labelled images, which SOURCE and --test name."""

from __future__ import annotations

from collections.abc import Sequence
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


class Part(NamedTuple):
    """Images, their labels and, where SOURCE says it, who made them."""

    X: Any
    y: np.ndarray
    generators: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Part:
        """Some of them."""
        made = None if self.generators is None else self.generators[rows]
        return Part(self.X[rows], self.y[rows], made)

    def draw(self, limit: int | None, seed: int) -> Part:
        """At most so many of them, of all classes in proportion."""
        import numpy as np
        from sklearn.utils import resample

        if limit is None or limit >= len(self.y):
            return self
        rows = np.arange(len(self.y))
        drawn = resample(
            rows, replace=False, n_samples=limit, stratify=self.y, random_state=seed
        )
        return self.take(drawn)


class Images(NamedTuple):
    """Images to compare detectors on, or to evaluate one on; labels are positions."""

    title: str
    target_names: list[str]
    train: Part
    test: Part | None = None
    remark: str = ""

    def draw(self, limit: int | None, seed: int) -> Images:
        """At most so many training images, and as many test images."""
        test = None if self.test is None else self.test.draw(limit, seed)
        return self._replace(train=self.train.draw(limit, seed), test=test)


def load_images(
    source: Path | None,
    test: Path | None,
    seed: int,
    *,
    folds: str | None = None,
    pos_label: Sequence[str] | None = None,
) -> Images:
    """Load what SOURCE and --test name; hold out test images where no folds do."""
    from skfake.datasets import make_images

    if test is not None and (source is None or folds is not None):
        came = "no SOURCE" if source is None else folds
        raise ValueError(
            f"--test must come with SOURCE and without {folds or '--cv'}; got {came}."
        )
    if source is None:
        title = f"SIMULATED images (skfake.datasets.make_images, seed {seed})"
        train, tested = make_images(N_SIMULATED, random_state=seed), None
    else:
        title, train = f"Images of {source}", load_train(source, pos_label)
        tested = None
        if folds is None and test is None:
            tested = load_test(source, pos_label)
    if test is not None:
        title += f", tested on those of {test}"
        with one_line(path="--test", source="--test"):
            tested = load_test(test, pos_label) or load_train(test, pos_label)
    names = [str(name) for name in train.target_names]
    images = Images(title, names, as_part(train), None, describe_rest(train, tested))
    if tested is not None:
        labels = match_labels(tested, names)
        return images._replace(test=as_part(tested)._replace(y=labels))
    return hold_out(images, seed) if folds is None else images


def hold_out(images: Images, seed: int) -> Images:
    """The same images with a fifth of them for testing."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    y = images.train.y
    train, test = train_test_split(
        np.arange(len(y)), test_size=TEST_FRACTION, stratify=y, random_state=seed
    )
    whole = images.train
    return images._replace(train=whole.take(train), test=whole.take(test))


def as_part(loaded: Bunch) -> Part:
    """Images of a data set, with their generators if it says them."""
    return Part(loaded.data, loaded.target, loaded.get("generators"))


def describe_rest(*loaded: Bunch | None) -> str:
    """Which files of folders are no images by their names."""
    from collections import Counter

    from skfake.datasets.folder import describe_passed_over

    passed_over: Counter[str] = Counter()
    for part in loaded:
        passed_over.update(part.get("passed_over", {}) if part is not None else {})
    return describe_passed_over(passed_over)


def load_train(source: Path, pos_label: Sequence[str] | None = None) -> Bunch:
    """Training images of a source, or all where it has no parts."""
    from skfake.datasets import load_cifake

    if is_cifake(source):
        return load_cifake(source)
    return load_folder(
        source / "train" if find_test_folder(source) else source, pos_label
    )


def load_test(source: Path, pos_label: Sequence[str] | None = None) -> Bunch | None:
    """Test images of a source."""
    from skfake.datasets import load_cifake

    if is_cifake(source):
        return load_cifake(source, split="test")
    folder = find_test_folder(source)
    return None if folder is None else load_folder(folder, pos_label)


def load_folder(folder: Path, pos_label: Sequence[str] | None) -> Bunch:
    """Images of a folder, whose classes keep their names but for real and fake."""
    from skfake.datasets import load_image_folder
    from skfake.datasets.folder import TARGET_NAMES

    found = load_image_folder(folder)
    if pos_label and found.target_names.tolist() == list(TARGET_NAMES):
        with one_line(pos_label="--pos-label"):
            return load_image_folder(folder, pos_label=list(pos_label))
    return found


def is_cifake(source: Path) -> bool:
    """Whether a source is CIFAKE and not a folder of other images."""
    from skfake.images import read_image

    if not source.exists():
        raise FileNotFoundError(
            f"source must be a folder or an archive; got {str(source)!r}, which does "
            "not exist."
        )
    if source.is_file():
        return True
    first = next(source.glob("train/FAKE/*.jpg"), None)
    try:
        return first is not None and read_image(first).shape == (32, 32, 3)
    # It is named with all others that can't be read.
    except ValueError:
        return False


def find_test_folder(source: Path) -> Path | None:
    """Folder of the test images beside the training images, which are in "train"."""
    if not (source / "train").is_dir():
        return None
    folders = [source / name for name in TEST_FOLDERS]
    return next((folder for folder in folders if folder.is_dir()), None)


def match_labels(tested: Bunch, names: list[str]) -> np.ndarray:
    """Labels of test images in the numbers of the training images."""
    came = [str(name) for name in tested.target_names]
    codes = match_classes(came, names, which_fake(names), which_fake(came))
    if codes is None:
        folded = [name.casefold() for name in names]
        strange = [name for name in came if name.casefold() not in folded]
        raise ValueError(
            f"Test images must be of the classes of the training images, "
            f"{', '.join(names)}; got the class {strange[0]!r}."
        )
    return codes[tested.target]


def which_fake(
    names: list[str], pos_label: Sequence[str] | None = None
) -> np.ndarray | None:
    """Which classes mean fake: those that the user names, or else by their names.

    Of real and fake, the user has said it when they were loaded.
    """
    import numpy as np

    from skfake.datasets.folder import TARGET_NAMES
    from skfake.labels import guess_fakes

    if not pos_label or names == list(TARGET_NAMES):
        return guess_fakes(names)
    wanted = {name.casefold() for name in pos_label}
    found = np.array([name.casefold() in wanted for name in names])
    if found.sum() < len(wanted) or found.all():
        raise ValueError(
            f"--pos-label must be some of the classes {', '.join(names)}, and not all; "
            f"got {', '.join(pos_label)}."
        )
    return found


def match_classes(
    came: list[str],
    known: list[str],
    known_fake: np.ndarray | None,
    came_fake: np.ndarray | None,
) -> np.ndarray | None:
    """Codes of known classes for others, by their names or else by what they mean.

    By their meaning, all fakes become the fake one of two known classes, and all reals
    the other. None where neither goes.
    """
    import numpy as np

    folded = [name.casefold() for name in known]
    if all(name.casefold() in folded for name in came):
        return np.array([folded.index(name.casefold()) for name in came])
    if came_fake is None or known_fake is None or len(known) != 2:
        return None
    return np.where(came_fake, np.argmax(known_fake), np.argmin(known_fake))
