"""skops' description of an object, a tree in JSON: in a form of our own, and checked.

https://skops.readthedocs.io/en/stable/persistence.html
"""

import io
import json
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any
from zipfile import ZipFile

import numpy as np
from sklearn import metrics

from skfake.persistence._archive import Damaged

# The one table of our own classes that a file may hold, by their public names, which
# stay where the files that define them may not.
CLASSES = (
    "skfake.Augmentation",
    "skfake.CNNDetector",
    "skfake.CompactDetector",
    "skfake.DenseNetDetector",
    "skfake.EncoderDetector",
    "skfake.HOGTransformer",
    "skfake.ResNetDetector",
    "skfake.ResidualDetector",
    "skfake.SVMDetector",
    "skfake.TiledDetector",
    "skfake.VGGDetector",
    "skfake.corruptions.CorruptionTransformer",
    "skfake.decisions.NeymanPearsonClassifier",
    "skfake.decisions.SelectiveClassifier",
    "skfake.decisions.StableClassifier",
    "skfake.features.DCTTransformer",
    "skfake.features.EncoderTransformer",
    "skfake.features.ResidualTransformer",
    "skfake.features.SpectrumTransformer",
)
# What one of them is made of, by the name that its package has for it.
MACHINE = "skfake.detectors.KernelMachine"
# scikit-learn's own metrics, which classifiers that tune a threshold remember.
METRICS = tuple(
    f"{getattr(metrics, name).__module__}.{name}"
    for name in metrics.__all__
    if callable(getattr(metrics, name)) and not isinstance(getattr(metrics, name), type)
)
# Parts of scikit-learn's estimators that skops does not count among them.
PARTS = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    # Experimental, and not among scikit-learn's estimators before they are enabled.
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.ShuffleSplit",
    "sklearn.model_selection._split.StratifiedGroupKFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.model_selection._split.StratifiedShuffleSplit",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._CurveScorer",
)
# Kinds of nodes that nothing is called by, but constructors of trusted types. Trees of
# scikit-learn's are not among them: compiled code follows their numbers blindly.
KINDS = {
    "BytesNode",
    "DTypeNode",
    "DefaultDictNode",
    "DictNode",
    "FunctionNode",
    "JsonNode",
    "ListNode",
    "LossNode",
    "MaskedArrayNode",
    "NdArrayNode",
    "ObjectNode",
    "RandomStateNode",
    "SetNode",
    "SliceNode",
    "TupleNode",
    "TypeNode",
}
DEEPEST = 200


def trusted_types() -> list[str]:
    """Names of the types that a file may hold, besides those that skops trusts."""
    return [*CLASSES, MACHINE, *METRICS, *PARTS]


def canonize(schema: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Tree of skops' that is the same bytes every time, and new names of its files."""
    schema = share(schema, {})
    ours = [name.rpartition(".") for name in (*CLASSES, MACHINE)]
    public = {name: module for module, _, name in ours}
    names: dict[str, str] = {}
    n_ids = 0
    done: set[int] = set()
    for node, _ in walk(schema):
        if id(node) in done:
            continue
        done.add(id(node))
        if "__id__" in node:
            # skops takes 0 for no id at all.
            n_ids += 1
            node["__id__"] = n_ids
        if str(node.get("__module__")).partition(".")[0] == "skfake":
            node["__module__"] = public.get(node["__class__"], node["__module__"])
        if _is_net(node):
            name = f"net-{len(names)}.safetensors"
            names.setdefault(node["content"]["tensors"]["file"], name)
        if isinstance(node.get("file"), str):
            ending = node["file"].rpartition(".")[2]
            new = f"array-{len(names)}.{ending}"
            node["file"] = names.setdefault(node["file"], new)
    return schema, names


def drop(schema: Any, name: str) -> None:
    """Leave an attribute of this name out of every object in a tree."""
    for node, _ in walk(schema):
        content: Any = node.get("content")
        if node.get("__loader__") == "DictNode" and name in content:
            place = list(content).index(name)
            del content[name]
            del node["key_types"]["content"][place]


def share(node: Any, first: dict[int, Any]) -> Any:
    """Put the first node of an id in the places of all others."""
    if isinstance(node, list):
        return [share(part, first) for part in node]
    if not isinstance(node, dict):
        return node
    if node.get("__id__") in first:
        return first[node["__id__"]]
    shared = {key: share(part, first) for key, part in node.items()}
    if "__id__" in node:
        first[node["__id__"]] = shared
    return shared


def check(schema: Any, sizes: Mapping[str, int]) -> None:
    """Refuse a tree that does more than name members, whose bytes are `sizes`."""
    first: dict[str, Any] = {}
    total = 0
    if any(depth > DEEPEST for _, depth in walk(schema)):
        raise Damaged("which is nested too deeply")
    for node, _ in walk(schema):
        kind = str(node.get("__loader__"))
        if "__loader__" in node and kind not in KINDS:
            raise Damaged(f"which holds something of the kind {kind[:100]!r}")
        if "__id__" in node:
            # A node of an id that was there before stands for that one, and is not read
            # again, whatever it says.
            known = first.setdefault(str(node["__id__"]), node)
            if known != node:
                raise Damaged("in which an object is described twice, and not alike")
            if known is not node:
                continue
        name = node.get("file")
        if isinstance(name, str):
            if name not in sizes:
                raise Damaged(f"which lacks its member {name[:100]!r}")
            total += sizes[name]
    if total > 4 * sum(sizes.values()) + 2**24:
        raise Damaged("which reads its arrays too often")


def count_weights(schema: Any) -> int:
    """Numbers that the networks in a tree have learned."""
    nets = {
        node["__id__"]: node["content"] for node, _ in walk(schema) if _is_net(node)
    }
    counts = [net["settings"]["content"]["n_weights"] for net in nets.values()]
    return sum(json.loads(count["content"]) for count in counts)


def _is_net(node: dict[str, Any]) -> bool:
    content = node.get("content")
    return isinstance(content, dict) and content.keys() == {"settings", "tensors"}


def walk(tree: Any) -> Iterator[tuple[dict[str, Any], int]]:
    """All dicts of a tree, from the root on, with their depths."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, dict):
            yield node, depth
            inside = list(node.values())
        elif isinstance(node, list | tuple):
            inside = list(node)
        else:
            continue
        waiting += [(part, depth + 1) for part in reversed(inside)]


def check_array(archive: ZipFile, name: str) -> None:
    """Refuse an array that says it is larger, or smaller, than what is there."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as stream:
        start = io.BytesIO(stream.read(2**14))
    try:
        version = np.lib.format.read_magic(start)
        headers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, _, dtype = headers[version](start)
    # numpy parses a header as Python's literals, which fail in many ways.
    except Exception as error:
        raise Damaged(f"whose array {name!r} has no valid header") from error
    if dtype.hasobject or start.tell() + prod(shape) * dtype.itemsize != size:
        raise Damaged(f"whose array {name!r} is not as large as it says")


def read_json(content: bytes, name: str) -> Any:
    """Read JSON that someone may have written to do harm."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"whose member {name!r} is no JSON") from error


def to_json(content: Any) -> bytes:
    """Write JSON."""
    return json.dumps(content, separators=(",", ":")).encode()
