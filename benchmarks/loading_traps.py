"""Files made to do harm: how soon, and in how much memory, loading refuses them.

    python benchmarks/loading_traps.py

saves a detector with a network and one with a support vector machine, turns the files
into traps, each with a checksum that fits, loads each trap in a process of its own,
prints a table and writes it to loading_traps.json beside this file.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from skfake import CompactDetector, SVMDetector, load_detector, save_detector
from skfake.datasets import make_images
from skfake.environment import describe_machine, describe_versions
from skfake.persistence import _archive as archive

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
# Bytes that a trap would like to take.
HUGE = 10 * 2**30
# Where a trap that works leaves its mark.
MARK = "skfake-trap-was-sprung"


class Payload:
    """What a pickle runs where one is loaded."""

    def __reduce__(self) -> tuple:
        return exec, (f"open({MARK!r}, 'w').close()",)


def make_files(folder: Path) -> dict[str, Path]:
    """Save the detectors that traps are made of.

    Parameters
    ----------
    folder : Path
        Where to.

    Returns
    -------
    dict of Path
        "network" and "machine".
    """
    X, y = make_images(60, return_X_y=True, random_state=SEED)
    settings: dict[str, Any] = {"max_epochs": 1, "random_state": SEED, "device": "cpu"}
    detectors = {
        "network": CompactDetector(n_filters=(4, 8), **settings),
        "machine": SVMDetector(engine="scikit-learn", random_state=SEED),
    }
    files = {name: folder / f"{name}.skfake" for name in detectors}
    for name, detector in detectors.items():
        save_detector(detector.fit(X, y), files[name])
    return files


def members_of(file: Path) -> dict[str, bytes]:
    """Contents of a saved detector by their names."""
    with ZipFile(file) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def seal(content: bytes) -> bytes:
    """Zip with the comment that ends a saved detector, and a checksum that fits."""
    comment = archive.LABEL + b"0" * archive.N_DIGITS
    content = content[:-2] + struct.pack("<H", len(comment)) + comment
    size = len(content) - archive.N_DIGITS
    return content[:size] + archive._digest(io.BytesIO(content), size)


def zip_members(members: dict[str, bytes], compression: int = ZIP_STORED) -> bytes:
    """Zip without a comment."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", compression) as zipped:
        for name, content in members.items():
            kind = ZIP_STORED if name == archive.FIRST else compression
            zipped.writestr(ZipInfo(name), content, compress_type=kind)
    return buffer.getvalue()


def forge(members: dict[str, bytes], **changes: bytes) -> bytes:
    """Saved detector with members changed; "__" in a name stands for its dot."""
    changed = {name.replace("__", "."): content for name, content in changes.items()}
    return seal(zip_members({**members, **changed}))


def with_node(members: dict[str, bytes], node: dict[str, Any]) -> bytes:
    """Saved detector with a node of the tree in the place of a parameter."""
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["image_shape"] = node
    return forge(members, schema__json=json.dumps(schema).encode())


def with_settings(members: dict[str, bytes], node: dict[str, Any]) -> bytes:
    """Saved detector with a node in the place of the settings of its network."""
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["net_"]["content"]["settings"] = node
    return forge(members, schema__json=json.dumps(schema).encode())


def net_file(members: dict[str, bytes]) -> str:
    """Member that holds the tensors of a network."""
    return next(name for name in members if name.endswith(".safetensors"))


def text(value: Any) -> dict[str, Any]:
    """Node of a value that JSON has."""
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
    }


def listing(kind: str, *parts: dict[str, Any]) -> dict[str, Any]:
    """Node of a list or tuple."""
    return {
        "__class__": kind,
        "__module__": "builtins",
        "__loader__": f"{kind.title()}Node",
        "content": list(parts),
    }


def name_of(module: str, name: str, loader: str, **more: Any) -> dict[str, Any]:
    """Node that names something in a module."""
    return {"__module__": module, "__class__": name, "__loader__": loader, **more}


def function_that_runs(members: dict[str, bytes]) -> bytes:
    """A function of another library."""
    return with_node(members, name_of("os", "system", "FunctionNode"))


def partial_that_runs(members: dict[str, bytes]) -> bytes:
    """A function with its arguments."""
    content = {
        "func": name_of("builtins", "exec", "FunctionNode"),
        "args": listing("tuple", text(f"open({MARK!r}, 'w')")),
        "kwds": text({}),
        "namespace": text(None),
    }
    node = name_of("functools", "partial", "PartialNode", content=content)
    return with_node(members, node)


def call_that_runs(members: dict[str, bytes]) -> bytes:
    """A constructor that does something."""
    arguments = listing("tuple", text(["touch", MARK]))
    node = name_of(
        "subprocess", "Popen", "ConstructorFromReduceNode", content=arguments
    )
    return with_node(members, node)


def operator_that_runs(members: dict[str, bytes]) -> bytes:
    """A method to call."""
    arguments = listing("tuple", text("system"), text(f"touch {MARK}"))
    return with_node(
        members,
        name_of("operator", "methodcaller", "OperatorFuncNode", attrs=arguments),
    )


def class_of_another(members: dict[str, bytes]) -> bytes:
    """An object of a class that is not in the table."""
    node = name_of("http.server", "HTTPServer", "ObjectNode", content=text({}))
    return with_node(members, node)


def private_class_of_ours(members: dict[str, bytes]) -> bytes:
    """A class of skfake's that is not in the table."""
    node = name_of("skfake.training.net", "PixelNet", "ObjectNode", content=text({}))
    return with_node(members, node)


def pickle_as_array(members: dict[str, bytes]) -> bytes:
    """An array of objects, which numpy would unpickle."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([Payload()], dtype=object), allow_pickle=True)
    arrays = [name for name in members if name.endswith(".npy")]
    return seal(zip_members(members | dict.fromkeys(arrays, buffer.getvalue())))


def pickle_in(name: str) -> Callable[[dict[str, bytes]], bytes]:
    """A pickle in the place of a member."""

    def trap(members: dict[str, bytes]) -> bytes:
        return seal(zip_members({**members, name: pickle.dumps(Payload())}))

    return trap


def pickle_as_settings(members: dict[str, bytes]) -> bytes:
    """A pickle in the place of the settings of a network."""
    node = name_of("builtins", "bytes", "BytesNode", file="array-99.bin")
    pickled = {"array-99.bin": pickle.dumps(Payload())}
    return with_settings({**members, **pickled}, node)


def pickle_as_tensors(members: dict[str, bytes]) -> bytes:
    """A pickle in the place of the tensors of a network."""
    return pickle_in(net_file(members))(members)


def plain_pickle(members: dict[str, bytes]) -> bytes:
    """A pickle, and nothing else."""
    return pickle.dumps(Payload())


def path_out(name: str) -> Callable[[dict[str, bytes]], bytes]:
    """A member that would be unpacked elsewhere."""

    def trap(members: dict[str, bytes]) -> bytes:
        return seal(zip_members({**members, name: b"x"}))

    return trap


def key_out(members: dict[str, bytes]) -> bytes:
    """A network that would be read from elsewhere."""
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["net_"] = text("../../../../etc/passwd")
    return forge(members, schema__json=json.dumps(schema).encode())


def huge_array(members: dict[str, bytes]) -> bytes:
    """An array whose header asks for 10 GB."""
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (HUGE // 8,)}
    np.lib.format.write_array_header_1_0(buffer, header)
    arrays = [name for name in members if name.endswith(".npy")]
    return seal(zip_members(members | dict.fromkeys(arrays, buffer.getvalue())))


def huge_array_header(members: dict[str, bytes]) -> bytes:
    """An array whose header says that it is 4 GB long itself."""
    content = b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 1) + b"{" * 1000
    arrays = [name for name in members if name.endswith(".npy")]
    return seal(zip_members(members | dict.fromkeys(arrays, content)))


def huge_tensor_header(members: dict[str, bytes]) -> bytes:
    """Tensors whose header says that it is 10 GB long."""
    name = net_file(members)
    tensors = struct.pack("<Q", HUGE) + members[name][8:]
    return seal(zip_members({**members, name: tensors}))


def huge_tensor(members: dict[str, bytes]) -> bytes:
    """A tensor that says it is of 10 GB."""
    entry = {"dtype": "F32", "shape": [HUGE // 4], "data_offsets": [0, HUGE]}
    header = json.dumps({"x": entry}).encode()
    tensors = struct.pack("<Q", len(header)) + header + b"\0" * 100
    return seal(zip_members({**members, net_file(members): tensors}))


def huge_network(members: dict[str, bytes]) -> bytes:
    """Parameters of a network that would take terabytes."""
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["n_filters"] = listing(
        "tuple", text(10**6), text(10**6)
    )
    return forge(members, schema__json=json.dumps(schema).encode())


def zip_bomb(members: dict[str, bytes]) -> bytes:
    """Members that unpack to a thousand times their size."""
    bomb = b"\0" * 2**28
    return seal(zip_members({**members, "array-99.npy": bomb}, ZIP_DEFLATED))


def overlapping_members(members: dict[str, bytes]) -> bytes:
    """Many members that are one and the same part of the file."""
    content = zip_members({**members, "array-900.npy": b"\0" * 2**22})
    at = content.index(b"PK\1\2")
    directory, ending = content[at:-22], content[-22:]
    last = directory[directory.rindex(b"PK\1\2") :]
    copies = [
        last.replace(b"array-900.npy", b"array-%03d.npy" % (i + 100))
        for i in range(800)
    ]
    directory += b"".join(copies)
    n = struct.unpack("<H", ending[10:12])[0] + len(copies)
    ending = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, n, n, len(directory), at, 0)
    return seal(content[:at] + directory + ending)


def endless_directory(members: dict[str, bytes]) -> bytes:
    """A directory of a million members."""
    content = zip_members(members)
    at = content.index(b"PK\1\2")
    directory = content[at:-22]
    entry = directory[directory.rindex(b"PK\1\2") :]
    directory += entry * 400_000
    ending = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, len(directory), at, 0)
    return seal(content[:at] + directory + ending)


def deep_json(name: str) -> Callable[[dict[str, bytes]], bytes]:
    """JSON nested a hundred thousand times."""

    def trap(members: dict[str, bytes]) -> bytes:
        return seal(zip_members({**members, name: b"[" * 100_000 + b"]" * 100_000}))

    return trap


def deep_settings(members: dict[str, bytes]) -> bytes:
    """Settings of a network nested a hundred thousand times."""
    deep = {**text(0), "content": "[" * 100_000 + "]" * 100_000}
    return with_settings(members, deep)


def deep_tree(members: dict[str, bytes]) -> bytes:
    """A list in a list in a list, 900 times."""
    node = text(0)
    for _ in range(900):
        node = {**listing("list"), "content": [node]}
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["image_shape"] = "HERE"
    # json.dumps would not go so deep.
    opening = json.dumps({**listing("list"), "content": ["HERE"]}).split('"HERE"')
    whole = opening[0] * 900 + json.dumps(text(0)) + opening[1] * 900
    content = json.dumps(schema).replace('"HERE"', whole).encode()
    return forge(members, schema__json=content)


def laughs(members: dict[str, bytes]) -> bytes:
    """Lists of two references to one list of two, sixty times."""
    node = {**listing("list"), "__id__": 10**6}
    for i in range(60):
        again = {**listing("list"), "__id__": node["__id__"]}
        node = {**listing("list", node, again), "__id__": 10**6 + i + 1}
    return with_node(members, node)


def array_read_often(members: dict[str, bytes]) -> bytes:
    """One array of 4 MB that ten thousand nodes ask for."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(2**19))
    node = name_of("numpy", "ndarray", "NdArrayNode", type="numpy", file="array-77.npy")
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["image_shape"] = listing("list", *[node] * 10_000)
    content = json.dumps(schema).encode()
    return seal(
        zip_members(
            {**members, "schema.json": content, "array-77.npy": buffer.getvalue()}
        )
    )


def false_machine(members: dict[str, bytes]) -> bytes:
    """A support vector machine that says it has more vectors than it has."""
    schema = json.loads(members["schema.json"])
    svc = schema["content"]["content"]["svc_"]["content"]["content"]
    buffer = io.BytesIO()
    np.save(buffer, np.array([10**6, 10**6]))
    file = svc["n_support_"]["file"]
    return seal(zip_members({**members, file: buffer.getvalue()}))


# By the detector whose file they are made of.
TRAPS: dict[str, dict[str, Callable[[dict[str, bytes]], bytes]]] = {
    "network": {
        "a pickle": plain_pickle,
        "a pickle as manifest": pickle_in("manifest.json"),
        "a pickle as tree": pickle_in("schema.json"),
        "a pickle as settings of the network": pickle_as_settings,
        "a pickle as tensors": pickle_as_tensors,
        "a pickle as array": pickle_as_array,
        "a function": function_that_runs,
        "a function with arguments": partial_that_runs,
        "a constructor": call_that_runs,
        "a method": operator_that_runs,
        "a foreign class": class_of_another,
        "a private class": private_class_of_ours,
        "a path upwards": path_out("../array-0.npy"),
        "an absolute path": path_out("/etc/array-0.npy"),
        "a path of Windows": path_out("..\\array-0.npy"),
        "a network elsewhere": key_out,
        "an array of 10 GB": huge_array,
        "an array with a header of 4 GB": huge_array_header,
        "tensors with a header of 10 GB": huge_tensor_header,
        "a tensor of 10 GB": huge_tensor,
        "a network of terabytes": huge_network,
        "a zip bomb": zip_bomb,
        "overlapping members": overlapping_members,
        "an endless directory": endless_directory,
        "a deep manifest": deep_json("manifest.json"),
        "deep JSON": deep_json("schema.json"),
        "deep settings": deep_settings,
        "a deep tree": deep_tree,
        "a billion laughs": laughs,
        "an array read ten thousand times": array_read_often,
    },
    "machine": {"a machine that reads beyond its end": false_machine},
}


def spring(file: Path, whole: list[Path]) -> dict[str, Any]:
    """Load a trap here, after everything that loading imports.

    Parameters
    ----------
    file : Path
        The trap.

    whole : list of Path
        What it was made of, to be loaded before.

    Returns
    -------
    dict
        `seconds`, `megabytes` that the process has grown by at most, and the `answer`.
    """
    for sound in whole:
        load_detector(sound)
    # Linux forgets the highest use of memory so far.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    start, answer = time.perf_counter(), "loaded"
    try:
        load_detector(file)
    except ValueError as error:
        answer = str(error).partition("; got ")[2]
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "megabytes": (memory("VmHWM") - before) / 2**10,
        "answer": answer.partition(", ")[2] or answer,
    }


def memory(name: str) -> int:
    """Kilobytes of memory that this process takes (VmRSS) or took at most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])


def main(argv: list[str] | None = None) -> None:
    """Spring every trap, and print and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument(
        "--spring", type=Path, nargs="+", help="load a trap, after others"
    )
    arguments = parser.parse_args(argv)
    if arguments.spring is not None:
        print(json.dumps(spring(arguments.spring[0], arguments.spring[1:])))
        return
    rows = []
    with TemporaryDirectory() as folder:
        files = make_files(Path(folder))
        for kind, traps in TRAPS.items():
            for name, trap in traps.items():
                file = Path(folder) / "trap.skfake"
                file.write_bytes(trap(members_of(files[kind])))
                script = str(Path(__file__).resolve())
                command = [sys.executable, script, "--spring", file, *files.values()]
                done = subprocess.run(
                    command, capture_output=True, text=True, check=True, cwd=folder
                )
                sprung = (Path(folder) / MARK).exists()
                rows.append({"trap": name, **json.loads(done.stdout), "sprung": sprung})
                print(rows[-1], file=sys.stderr)
    found = {
        "traps": rows,
        "seed": SEED,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    arguments.output.write_text(json.dumps(found, indent=2) + "\n")
    print(to_rst(found))


def to_rst(found: dict[str, Any]) -> str:
    """Table of the traps for the manual."""
    rows = [
        f"   {row['trap']}, {1000 * row['seconds']:.1f}, {max(row['megabytes'], 0):.0f}"
        for row in found["traps"]
    ]
    head = [".. csv-table::", "   :header: trap, milliseconds, MB", ""]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    main()
