"""Whatever comes as X, y or a file: a valid answer, or an error that says what to do.

One list of takers, `TAKERS`, and of what they are given, by name and by hypothesis.
"""

import io
import re
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image
from sklearn.base import BaseEstimator, clone

import skfake
import skfake.features
from skfake import CNNDetector, SVMDetector
from skfake.corruptions import CorruptionTransformer, corrupt
from skfake.datasets import (
    cifake_fingerprint,
    find_confounders,
    find_duplicates,
    find_near_duplicates,
    load_cifake,
    load_image_folder,
)
from skfake.decisions import (
    NeymanPearsonClassifier,
    SelectiveClassifier,
    StableClassifier,
)
from tests.detectors.instances import DETECTORS
from tests.features.instances import TRANSFORMERS

N = 8
rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, size=(N, 8, 8, 3), dtype=np.uint8)
ROWS = IMAGES.reshape(N, -1)
Y = np.arange(N) % 2

SVM = SVMDetector(
    engine="scikit-learn", image_size=8, pixels_per_cell=4, cells_per_block=1
)
CNN = CNNDetector(image_size=8, max_epochs=1, device="cpu", random_state=0)
ESTIMATORS = {
    **{name: clone(detector) for name, detector in DETECTORS.items()},
    "SVM": SVM,
    "CNN": CNN,
    **TRANSFORMERS,
    **{
        f"damage by {name}": CorruptionTransformer(corruption=name)
        for name in ("noise", "jpeg")  # Numbers, and files.
    },
    "Neyman-Pearson": NeymanPearsonClassifier(
        SVM, max_fpr=0.5, confidence_level=None, cv=2
    ),
    "selective": SelectiveClassifier(SVM, max_error=0.5, confidence_level=0.1, cv=2),
    "stable": StableClassifier(SVM, max_error=0.5, confidence_level=0.1, cv=2),
}
# Those that take no time, one of each kind: for these hypothesis looks for trouble.
QUICK = [
    "SVM",
    "CNN",
    *TRANSFORMERS,
    "damage by noise",
    "Neyman-Pearson",
    "selective",
    "stable",
]
FUNCTIONS = {
    "corrupt": lambda X: corrupt(X, "noise", 10),
    "find_duplicates": find_duplicates,
    "find_near_duplicates": find_near_duplicates,
    "find_confounders": lambda X: find_confounders(X, Y),
}

OURS = str(Path(skfake.__file__).parent)
# What scikit-learn warns of, by its own rules.
EXPECTED_WARNINGS = [
    "ignore:X should be on a known scale:UserWarning",
    "ignore:A column-vector y was passed:sklearn.exceptions.DataConversionWarning",
    "ignore:X has feature names, but:UserWarning",
    "ignore:The least populated class in y has only:UserWarning",
]
pytestmark = [pytest.mark.filterwarnings(text) for text in EXPECTED_WARNINGS]


def answer_of(estimator, X):
    """What a fitted estimator says of X."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)
    method = "decision_function" if hasattr(estimator, "predict") else "transform"
    return getattr(estimator, method)(X)


def in_our_words(error):
    """Whether an error has the form of the house, if it is we who raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    if not frame.filename.startswith(OURS):
        return bool(str(error))
    return re.match(
        r"[\w\[\], ()./'-]+ must .+; (got|it contains) .+\.$", str(error), re.DOTALL
    )


def trace_of(X):
    """What must not change of an argument: its values, and how it lies in memory."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if isinstance(X, torch.Tensor):
        return str(X)
    if isinstance(X, np.ndarray):
        X = np.asarray(X)
        values = X.tolist() if X.dtype.hasobject else X.tobytes()
        return str(values), X.shape, X.strides, X.dtype.str, X.flags.writeable
    if isinstance(X, list | tuple):
        return [str(x) if isinstance(x, list | tuple) else trace_of(x) for x in X]
    return None


def assert_answered_or_refused(call, *arguments):
    """A valid answer or a documented error; the arguments as they were."""
    before = [trace_of(argument) for argument in arguments]
    answer, refusal = None, None
    try:
        answer = call(*arguments)
    except (ValueError, TypeError, FileNotFoundError) as error:
        refusal = error
    assert refusal is None or in_our_words(refusal), refusal
    assert [trace_of(argument) for argument in arguments] == before
    return answer


def assert_valid(answer):
    if isinstance(answer, np.ndarray) and answer.dtype.kind == "f":
        assert np.isfinite(answer).all()


# Inputs by name


class Unreadable:
    """What numpy asks for an array, and gets an error from."""

    shape = (N, 8, 8)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no")


class Readable:
    """What is no array but hands one over."""

    def __array__(self, dtype=None, copy=None):
        return IMAGES


def holding_itself():
    images = []
    images.append(images)
    return images


def object_array(items):
    array = np.empty(len(items), object)
    array[:] = items
    return array


def encoded(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


GOOD = {
    "bytes": IMAGES,
    "floats": IMAGES / 255,
    "half floats": (IMAGES / 255).astype(np.float16),
    "long doubles": (IMAGES / 255).astype(np.longdouble),
    "big-endian floats": (IMAGES / 255).astype(">f8"),
    "big-endian integers": IMAGES.astype(">u4"),
    "floats of bytes": IMAGES.astype(np.float32),
    "64-bit integers": IMAGES.astype(np.int64),
    "booleans": IMAGES > 128,
    "smallest numbers": np.full((N, 8, 8), 1e-320),
    "upside down": IMAGES[:, ::-1, ::-1],
    "backwards": IMAGES[::-1, ::-1, ::-1, ::-1],
    "every other pixel": IMAGES.repeat(2, axis=2)[:, :, ::2],
    "columns first": np.asfortranarray(IMAGES),
    "read-only": read_only(IMAGES),
    "gray": IMAGES[..., 0],
    "one channel": IMAGES[..., :1],
    "four channels": np.concatenate([IMAGES, IMAGES[..., :1]], axis=-1),
    "one pixel": np.zeros((N, 1, 1)),
    "one line": np.zeros((N, 1, 1000), np.uint8),
    "list": list(IMAGES),
    "tuple": tuple(IMAGES),
    "nested lists": IMAGES.tolist(),
    "list of many kinds": [IMAGES[0], IMAGES[1, ..., 0], IMAGES[2] / 255, IMAGES[3, :5]]
    * 2,
    "object array": object_array(list(IMAGES)),
    "rows": ROWS,
    "rows of objects": ROWS.astype(object),
    "rows in lists": ROWS.tolist(),
    "data frame": pd.DataFrame(ROWS),
    "column of arrays": pd.Series(list(IMAGES)),
    "view of memory": memoryview(IMAGES),
    "hands over an array": Readable(),
    "tensor": torch.from_numpy(IMAGES),
    "list of tensors": [torch.from_numpy(image) for image in IMAGES],
    "nothing masked": np.ma.masked_array(IMAGES),
    "list of Pillow's": [Image.fromarray(image) for image in IMAGES],
    "column of Pillow's": pd.Series([Image.fromarray(image) for image in IMAGES]),
    "encoded files": [encoded(image) for image in IMAGES],
    "files in memory": [io.BytesIO(encoded(image)) for image in IMAGES],
    "frame of encoded files": pd.DataFrame({"a": [encoded(i) for i in IMAGES]}),
    "dicts with bytes": [{"bytes": encoded(i), "path": None} for i in IMAGES],
    "pairs with a label": [(Image.fromarray(image), 0) for image in IMAGES],
    "tensor, channels first": torch.from_numpy(IMAGES).permute(0, 3, 1, 2),
    "tensor with a gradient": torch.zeros(N, 8, 8, requires_grad=True),
    "tensor of bfloat16": torch.zeros(N, 8, 8, dtype=torch.bfloat16),
    "tensor of rows": torch.zeros(N, 192, requires_grad=True),
    "list of tensors, channels first": list(torch.zeros(N, 3, 8, 8)),
    "array, then file": [IMAGES[0], encoded(IMAGES[1])] * 4,
}
# Detectors of bytes must not guess what these mean.
UNKNOWN_SCALES = {
    "signed bytes": IMAGES.astype(np.int8),
    "bytes in 16 bits": IMAGES.astype(np.uint16),
    "negative numbers": -(IMAGES / 255),
    "numbers up to 1.5": IMAGES / 170,
    "largest numbers": (IMAGES / 255 - 0.5) * 2e6,
    "largest numbers, transparent": np.full((N, 8, 8, 4), 1e6),
    "one of them": [*IMAGES[1:], IMAGES[0] / 255 * 300],
}
BAD = {
    "None": None,
    "number": 3,
    "text": "folder",
    "bytes of a path": b"folder",
    "path": Path("folder"),
    "dict": {"a": 1},
    "set": {1, 2},
    "generator": (image for image in IMAGES),
    "range": range(N),
    "bytearray": bytearray(8),
    "class": np.ndarray,
    "Pillow's": Image.fromarray(IMAGES[0, ..., 0]),
    "can't be read": Unreadable(),
    "list of what can't be read": [Unreadable()] * N,
    "NaN": np.full((N, 8, 8), np.nan),
    "infinity": np.full((N, 8, 8), -np.inf),
    "too large": np.full((N, 8, 8), 1e300),
    "too large for float32": np.full((N, 8, 8), 1e39),
    "too large by little": np.full((N, 8, 8), 2e6),
    "too large, long double": np.full((N, 8, 8), np.longdouble("1e4000")),
    "too large integers": np.full((N, 8, 8), 2**63, np.uint64),
    "too small integers": np.full((N, 8, 8), -(2**63), np.int64),
    "transparent and too large": np.full((N, 8, 8, 4), 3e38, np.float32),
    "integers without end": [[10**400] * 4] * N,
    "integers without end beside floats": [[[1.0, 10**400]]] * N,
    "complex": IMAGES.astype(complex),
    "objects": IMAGES.astype(object),
    "texts": IMAGES.astype(str),
    "dates": IMAGES.astype("datetime64[s]"),
    "time spans": IMAGES.astype("timedelta64[s]"),
    "records": np.zeros((N, 8, 8), dtype=[("a", "u1")]),
    "0 dimensions": np.array(3),
    "1 dimension": np.arange(8.0),
    "5 dimensions": np.zeros((N, 2, 2, 2, 2)),
    "30 dimensions": np.zeros((1,) * 30),
    "channels first": np.zeros((N, 3, 8, 8)),
    "two channels": np.zeros((N, 8, 8, 2)),
    "one image": IMAGES[0],
    "no image": IMAGES[:0],
    "no line": IMAGES[:, :0],
    "no pixel": IMAGES[:, :, :0],
    "no channel": IMAGES[..., :0],
    "no row": np.zeros((0, 10)),
    "no feature": np.zeros((N, 0)),
    "empty list": [],
    "list of empty lists": [[]] * N,
    "list of None": [None] * N,
    "list of numbers": [1.0] * N,
    "list of 1-D": [np.zeros(4), np.zeros(5)] * 4,
    "list of 0-D": [np.array(1)] * N,
    "list with NaN": [IMAGES[0], np.full((4, 4), np.nan)] * 4,
    "list with no pixel": [IMAGES[0], np.zeros((0, 4))] * 4,
    "list, channels first": [np.zeros((3, 8, 8))] * N,
    "array, then path": [IMAGES[0], "a.png"] * 4,
    "ragged": [[[1, 2], [3]]] * N,
    "ragged rows": [[1, 2], [3]] * 4,
    "rows of text": [["a", "b"]] * N,
    "rows of None": np.full((N, 4), None, object),
    "rows of dicts": [[{}] * 4] * N,
    "holds itself": holding_itself(),
    "no file": ["nowhere"] * N,
    "null byte": ["a\0b"] * N,
    "no text of this world": ["\udcff"] * N,
    "too long a path": ["a" * 10_000] * N,
    "column of paths": np.array([["a.png"]] * N),
    "sparse": sp.csr_matrix(ROWS),
    "sparse tensor": torch.zeros(N, 4).to_sparse(),
    "tensor of nothing": torch.zeros(N, 8, 8, device="meta"),
    "masked": np.ma.masked_array(IMAGES, mask=IMAGES > 200),
    "masked rows": np.ma.masked_array(ROWS, mask=ROWS > 200),
    "list of masked": [np.ma.masked_array(i, mask=i > 200) for i in IMAGES],
    "data frame of NaN": pd.DataFrame(np.full((N, 4), np.nan)),
    "data frame of NA": pd.DataFrame({"a": pd.array([1, None] * 4, dtype="Int64")}),
    "data frame of text": pd.DataFrame({"a": ["a.png"] * N}),
    "data frame of categories": pd.DataFrame({"a": pd.Categorical(["a", "b"] * 4)}),
    "data frame of dates": pd.DataFrame({"a": pd.to_datetime(["2020"] * N)}),
    "empty data frame": pd.DataFrame(),
    "mixed names": pd.DataFrame({"a": range(N), 1: range(N)}),
    "column of numbers": pd.Series(range(N)),
}
# What is found out when it is opened, which transformers don't in `fit`.
BROKEN = {"list of bytes": [b"a"] * N, "empty files": [io.BytesIO()] * N}


@pytest.fixture(scope="module")
def fitted():
    """Estimators by name, each fitted when it is first asked for."""
    models = {}

    def get(name):
        if name not in models:
            models[name] = clone(ESTIMATORS[name]).fit(IMAGES, Y)
        return models[name]

    return get


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_is_no_image_is_refused_by_every_estimator(name):
    for kind, X in BAD.items():
        fit = clone(ESTIMATORS[name]).fit
        assert assert_answered_or_refused(fit, X, Y) is None, kind


@pytest.mark.parametrize("name", QUICK)
def test_what_is_no_image_is_refused_by_fitted_estimators(name, fitted):
    for kind, X in (BAD | BROKEN).items():
        answer = assert_answered_or_refused(lambda X: answer_of(fitted(name), X), X)
        assert answer is None, kind


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_image_is_refused_by_every_function(name):
    # No function learns the names of columns.
    kinds = BAD | BROKEN
    del kinds["mixed names"]
    for kind, X in kinds.items():
        assert assert_answered_or_refused(FUNCTIONS[name], X) is None, kind


@pytest.mark.parametrize("name", QUICK)
def test_odd_images_are_judged_as_others_are(name, fitted):
    for kind, X in GOOD.items():
        answer = answer_of(fitted(name), X)
        assert len(answer) == N, kind
        assert_valid(answer)


@pytest.mark.parametrize("name", QUICK)
def test_numbers_on_no_known_scale_are_refused_where_bytes_were_learned(name, fitted):
    for kind, X in UNKNOWN_SCALES.items():
        answer = assert_answered_or_refused(lambda X: answer_of(fitted(name), X), X)
        assert answer is None, kind


def test_no_public_estimator_escapes():
    public = [getattr(skfake, name) for name in skfake.__all__]
    public += [getattr(skfake.decisions, name) for name in skfake.decisions.__all__]
    public += [getattr(skfake.features, name) for name in skfake.features.__all__]
    public += [CorruptionTransformer]
    kinds = {
        kind
        for kind in public
        # `Augmentation` holds parameters alone.
        if isinstance(kind, type)
        and issubclass(kind, BaseEstimator)
        and hasattr(kind, "fit")
    }
    assert {type(estimator) for estimator in ESTIMATORS.values()} == kinds


# Labels by name


GOOD_Y = {
    "integers": Y,
    "bytes": Y.astype(np.uint8),
    "floats": Y * 1.0,
    "booleans": Y > 0,
    "text": ["real", "fake"] * 4,
    "dates": Y.astype("datetime64[s]"),
    "great numbers": [2**62, -(2**62)] * 4,
    "column": Y.reshape(-1, 1),
    "series": pd.Series(Y, index=range(100, 108)),
    "text of pandas": pd.Series(["a", "b"] * 4, dtype="string"),
    "categories": pd.Series(pd.Categorical(["a", "b"] * 4)),
    "tensor": torch.from_numpy(Y.copy()),
    "read-only": read_only(Y),
    "backwards": Y[::-1],
    "nothing masked": np.ma.masked_array(Y),
}
if hasattr(np.dtypes, "StringDType"):  # From numpy 2.0 on.
    GOOD_Y["text of numpy 2"] = np.array(["a", "b"] * 4, np.dtypes.StringDType())
BAD_Y = {
    "None": None,
    "one class": np.zeros(N, int),
    "empty text": [""] * N,
    "NaN": [0, np.nan] * 4,
    "infinity": [0, np.inf] * 4,
    "lists of None": [0, None] * 4,
    "all None": [None] * N,
    "NA": [pd.NA, 1] * 4,
    "NaT": np.array(["NaT", "2020"] * 4, "datetime64[s]"),
    "objects with None": np.array([0, None] * 4, object),
    "objects with NaN": np.array([0, np.nan] * 4, object),
    "column with NA": pd.Series([0, None] * 4, dtype="Int64"),
    "category NA": pd.Series(pd.Categorical(["a", None] * 4)),
    "masked": np.ma.masked_array(Y, mask=Y > 0),
    "text and numbers": [0, "a"] * 4,
    "numbers as text and not": ["1", 1] * 4,
    "objects of two kinds": np.array([0, "a"] * 4, object),
    "too short": Y[:-1],
    "too long": [*Y, 0],
    "empty": [],
    "two columns": np.c_[Y, 1 - Y],
    "data frame": pd.DataFrame({"a": Y, "b": Y}),
    "3 dimensions": Y.reshape(2, 2, 2),
    "lists": [[1], [2, 3]] * 4,
    "deep lists": [[[[1]]]] * N,
    "holds itself": holding_itself(),
    "bytes": [b"a", b"b"] * 4,
    "continuous": np.arange(N) / 7,
    "complex": Y * 1j,
    "records": np.zeros(N, dtype=[("a", "i4")]),
    "tuples": object_array([(1, 2), (3, 4)] * 4),
    "sets": [{1}, {2}] * 4,
    "dicts": [{1: 1}, {2: 1}] * 4,
    "number": 1,
    "word": "labels",
    "scikit-learn's own word": "no_validation",
    "dict": {0: 1},
    "set": {0, 1},
    "generator": (label for label in Y),
    "sparse": sp.csr_matrix(Y.reshape(-1, 1)),
    "tensor with a gradient": torch.zeros(N, requires_grad=True),
    "can't be read": Unreadable(),
}
CLASSIFIERS = [name for name in ESTIMATORS if hasattr(ESTIMATORS[name], "predict")]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_what_is_no_label_is_refused_by_every_classifier(name):
    for kind, y in BAD_Y.items():
        fit = clone(ESTIMATORS[name]).fit
        assert assert_answered_or_refused(fit, IMAGES, y) is None, kind
        partial_fit = getattr(clone(ESTIMATORS[name]), "partial_fit", None)
        if partial_fit is not None and kind not in ("one class", "empty text"):
            assert assert_answered_or_refused(partial_fit, IMAGES, y) is None, kind


@pytest.mark.parametrize("name", ["SVM", "CNN", "Neyman-Pearson", "selective"])
def test_labels_come_back_in_the_kind_in_which_they_came(name):
    for kind, y in GOOD_Y.items():
        fitted = clone(ESTIMATORS[name]).fit(IMAGES, y)
        came = fitted.predict(IMAGES).tolist()
        assert set(came) <= set(np.asarray(y).ravel().tolist()), kind


# What hypothesis finds

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()
)
LISTS = st.recursive(SCALARS, lambda items: st.lists(items, max_size=3), max_leaves=30)
ARRAYS = npst.arrays(
    npst.scalar_dtypes(), npst.array_shapes(min_dims=0, max_dims=5, min_side=0)
)
FORMS = {
    "as they are": lambda array: array,
    "turned": lambda array: array[::-1] if array.ndim else array,
    "columns first": np.asfortranarray,
    "read-only": read_only,
    "objects": lambda array: array.astype(object),
    "list": list,
    "lists": lambda array: array.tolist(),
    "masked": lambda array: np.ma.masked_array(array, mask=array == array.flat[0]),
    "frame": lambda array: pd.DataFrame(array.reshape(len(array), -1)),
    "view": memoryview,
}


@st.composite
def anything(draw):
    array = draw(ARRAYS)
    form = draw(st.sampled_from(sorted(FORMS)))
    try:
        return FORMS[form](array)
    # Not every array has every form.
    except (TypeError, ValueError, IndexError, NotImplementedError):
        return array


# Once fitted, an estimator is asked again and again.
WIDE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", QUICK)
@WIDE
@given(X=st.one_of(anything(), LISTS))
def test_anything_is_judged_or_refused(name, fitted, X):
    answer = assert_answered_or_refused(lambda X: answer_of(fitted(name), X), X)
    assert_valid(answer)


@pytest.mark.parametrize("name", ["SVM", "CNN", "HOG", "damage by jpeg"])
@WIDE
@given(X=st.one_of(anything(), LISTS), y=st.one_of(anything(), LISTS))
def test_anything_is_learned_from_or_refused(name, X, y):
    assert_answered_or_refused(clone(ESTIMATORS[name]).fit, X, y)
    assert_answered_or_refused(clone(ESTIMATORS[name]).fit, X, Y)
    assert_answered_or_refused(clone(ESTIMATORS[name]).fit, IMAGES, y)


# Files and folders

NAMES = st.one_of(
    st.sampled_from(["real", "fake", "a.png", "b.jpg", "train", "REAL", "x.EPS", ".h"]),
    st.text(
        st.characters(exclude_characters="/\0", exclude_categories=["Cs"]),
        min_size=1,
        max_size=12,
    ).filter(lambda name: name not in (".", "..")),
)
LOADERS = {
    "load_image_folder": load_image_folder,
    "load_image_folder, one fake": lambda path: load_image_folder(
        path, pos_label="fake"
    ),
    "load_cifake": load_cifake,
    "load_cifake without leaks": lambda path: load_cifake(
        path, split="test", drop_leaks=True
    ),
    "cifake_fingerprint": cifake_fingerprint,
}


@pytest.mark.parametrize("name", LOADERS)
@settings(max_examples=40, deadline=None)
@given(
    tree=st.lists(
        st.tuples(st.lists(NAMES, min_size=1, max_size=4), st.binary(max_size=40)),
        max_size=6,
    )
)
def test_any_folder_is_listed_or_refused(name, tree, tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    for parts, content in tree:
        path = root.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # A file where a folder should be, or the other way round.
        except OSError:
            continue
    assert_answered_or_refused(LOADERS[name], root)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("kind", ["nothing", "empty", "text", "folder"])
def test_what_is_no_data_set_is_named(name, kind, tmp_path):
    path = tmp_path / "source"
    if kind == "folder":
        path.mkdir()
    elif kind != "nothing":
        path.write_bytes(b"" if kind == "empty" else b"no archive")
    if name == "cifake_fingerprint" and kind == "folder":
        pytest.skip("the fingerprint of no file is one too")
    with pytest.raises((ValueError, FileNotFoundError), match="source"):
        LOADERS[name](path)
