"""The command line: `skfake compare`."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn
from warnings import catch_warnings, simplefilter

import typer

import skfake

if TYPE_CHECKING:
    import numpy as np
    from sklearn.utils import Bunch

    from skfake import Comparison

# Names on the command line and classes of skfake, which are imported when needed.
DETECTORS = {
    "SVM": "SVMDetector",
    "CNN": "CNNDetector",
    "ResNet": "ResNetDetector",
    "VGG": "VGGDetector",
    "DenseNet": "DenseNetDetector",
    "Compact": "CompactDetector",
}
# Those that take a minute or less for the simulated images of a first try.
DEFAULT_DETECTORS = ("SVM", "CNN", "Compact")
N_SIMULATED = 2000
TEST_FRACTION = 0.2
# What holds the test images of a folder that holds its training images in "train".
TEST_FOLDERS = ("test", "val")
# Where click's class of all errors in a command's arguments stands differs between
# versions of typer; that it is the base of this one does not.
UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    help="Tell AI-generated images from real ones.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Images(NamedTuple):
    """Images to compare detectors on."""

    title: str
    X: Any
    y: np.ndarray
    target_names: list[str]
    test: tuple[Any, np.ndarray] | None


def main() -> NoReturn:
    """Run the command; a mistake in its arguments is one line and exit code 2."""
    # A detector with a network takes KeyboardInterrupt for the end of its training,
    # and its half-trained figures would end in the table.
    signal.signal(signal.SIGINT, _stop)
    try:
        sys.exit(app(standalone_mode=False))
    except UsageError as error:
        print(f"skfake: {error.format_message()}", file=sys.stderr)
        sys.exit(2)


def _stop(*_: object) -> NoReturn:
    print("skfake: interrupted", file=sys.stderr)
    sys.exit(130)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.")
    ] = False,
) -> None:
    if version:
        print(f"skfake {skfake.__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def compare(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SOURCE",
            help="Images: CIFAKE (a folder, .zip or .tar), a folder of class/file or "
            "generator/class/file, or a folder of train and test with class/file in "
            "each. Without SOURCE, images are simulated.",
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            help="Test images, in one of the forms of SOURCE. Without --test and --cv "
            "they are those of SOURCE or, if it has none, a fifth of its images.",
            show_default=False,
        ),
    ] = None,
    cv: Annotated[
        int | None,
        typer.Option(
            help="Number of cross-validation folds of the training images.",
            min=2,
            show_default=False,
        ),
    ] = None,
    detectors: Annotated[
        str,
        typer.Option(
            help=f"Names, with commas between them, of {', '.join(DETECTORS)}."
        ),
    ] = ",".join(DEFAULT_DETECTORS),
    limit: Annotated[
        int | None,
        typer.Option(
            help="Use at most so many training images, and as many test images.",
            min=2,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of all that is random.", min=0, max=2**32 - 1)
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write tables and plots to; made if there is none.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Fit detectors to the same images and print a table of what they get right."""
    try:
        chosen = make_detectors(detectors, seed)
        if output is not None:
            prepare_output(output)
        images = limit_images(load_images(source, test, cv, seed), limit, seed)
        comparison = compare_images(chosen, images, cv, seed)
    # What these say is written for the one who typed the command.
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from error
    print(comparison)
    if output is not None:
        comparison.save(output)
        print(f"Tables and plots are in {output}.", file=sys.stderr)
    if comparison.errors:
        raise typer.Exit(1)


def make_detectors(names: str, seed: int) -> dict[str, Any]:
    """Detectors that a list of names asks for.

    Parameters
    ----------
    names : str
        Keys of `DETECTORS`, in upper or lower case, with commas between them.

    seed : int
        Their `random_state`.

    Returns
    -------
    dict of classifiers
    """
    known = {name.lower(): name for name in DETECTORS}
    settings = {"n_jobs": -1, "random_state": seed, "verbose": int(sys.stderr.isatty())}
    detectors = {}
    for name in names.split(","):
        if name.strip().lower() not in known:
            raise ValueError(
                f"--detectors must be among {', '.join(DETECTORS)}; got "
                f"{name.strip()!r}."
            )
        name = known[name.strip().lower()]
        detector = getattr(skfake, DETECTORS[name])()
        taken = settings.keys() & detector.get_params().keys()
        detectors[name] = detector.set_params(**{key: settings[key] for key in taken})
    return detectors


def prepare_output(folder: Path) -> None:
    """See that results can be written, before hours are spent on them.

    Parameters
    ----------
    folder : Path
        Made if there is none.
    """
    from skfake.evaluation.displays import import_pyplot

    # Files need no screen, and a server may have none.
    import_pyplot().switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix="."):
        pass


def load_images(
    source: Path | None, test: Path | None, cv: int | None, seed: int
) -> Images:
    """Load what SOURCE and --test name, and hold out test images if --cv is missing.

    Parameters
    ----------
    source, test, cv, seed
        As the user gave them.

    Returns
    -------
    Images
    """
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
        tested = load_test(test) or load_train(test)
    X, y, names = train.data, train.target, [str(name) for name in train.target_names]
    if cv is not None:
        return Images(title, X, y, names, None)
    if tested is not None:
        return Images(title, X, y, names, (tested.data, match_labels(tested, names)))
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=TEST_FRACTION, stratify=y, random_state=seed
    )
    return Images(title, X, y, names, (X_test, y_test))


def load_train(source: Path) -> Bunch:
    """Training images of a source, or all where it has no parts.

    Parameters
    ----------
    source : Path
        A folder or an archive.

    Returns
    -------
    Bunch
    """
    from skfake.datasets import load_cifake, load_image_folder

    if is_cifake(source):
        return load_cifake(source)
    return load_image_folder(source / "train" if find_test_folder(source) else source)


def load_test(source: Path) -> Bunch | None:
    """Test images of a source.

    Parameters
    ----------
    source : Path
        A folder or an archive.

    Returns
    -------
    Bunch or None
        None where the source is not in parts.
    """
    from skfake.datasets import load_cifake, load_image_folder

    if is_cifake(source):
        return load_cifake(source, split="test")
    folder = find_test_folder(source)
    return None if folder is None else load_image_folder(folder)


def is_cifake(source: Path) -> bool:
    """Tell CIFAKE from a folder of other images.

    Parameters
    ----------
    source : Path
        A folder or an archive. Archives are read if they hold CIFAKE, alone.

    Returns
    -------
    bool
    """
    from skfake.images import read_image

    if not source.exists():
        raise FileNotFoundError(
            f"Images must be in a folder or an archive; got {str(source)!r}, which "
            "does not exist."
        )
    first = next(source.glob("train/FAKE/*.jpg"), None)
    return source.is_file() or (
        first is not None and read_image(first).shape == (32, 32, 3)
    )


def find_test_folder(source: Path) -> Path | None:
    """Folder of the test images beside the training images, which are in "train".

    Parameters
    ----------
    source : Path
        A folder.

    Returns
    -------
    Path or None
    """
    if not (source / "train").is_dir():
        return None
    folders = [source / name for name in TEST_FOLDERS]
    return next((folder for folder in folders if folder.is_dir()), None)


def match_labels(tested: Bunch, names: list[str]) -> np.ndarray:
    """Labels of test images in the numbers of the training images.

    Parameters
    ----------
    tested : Bunch
        Test images.

    names : list of str
        Names of the classes of the training images.

    Returns
    -------
    int array of shape (n,)
    """
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
    """Draw at most so many training images, and as many test images.

    Parameters
    ----------
    images : Images
        To draw from, each class in proportion.

    limit : int or None
        How many. None takes all.

    seed : int
        Seed of the draw.

    Returns
    -------
    Images
    """
    from sklearn.utils import resample

    def draw(X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        if limit is None or limit >= len(y):
            return X, y
        return resample(
            X, y, replace=False, n_samples=limit, stratify=y, random_state=seed
        )

    X, y = draw(images.X, images.y)
    return images._replace(X=X, y=y, test=images.test and draw(*images.test))


def compare_images(
    detectors: dict[str, Any], images: Images, cv: int | None, seed: int
) -> Comparison:
    """Compare detectors on images, with a line on stderr for each fit.

    Parameters
    ----------
    detectors : dict of classifiers
        What to compare.

    images : Images
        On what.

    cv : int or None
        Number of folds; None where there are test images.

    seed : int
        Seed of the folds.

    Returns
    -------
    Comparison
    """
    from sklearn.model_selection import StratifiedKFold

    folds = None
    if cv is not None:
        folds = StratifiedKFold(cv, shuffle=True, random_state=seed)
    with catch_warnings():
        # They are printed with the table.
        simplefilter("ignore", UserWarning)
        comparison = skfake.compare_detectors(
            detectors,
            images.X,
            images.y,
            cv=folds,
            test=images.test,
            target_names=images.target_names,
            verbose=1,
        )
    return replace(comparison, title=f"{images.title}.")
