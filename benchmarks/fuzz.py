"""What skfake does with files that were made to break it.

    python benchmarks/fuzz.py

changes valid files at random, with a seed, and reads each: images, archives in the
layout of CIFAKE, folders of images, forms of X and saved detectors. Each must be read,
or refused by an error that is documented and names the file, within two seconds of
processor time and without taking more memory than is allowed. A process of its own does
the reading, whose address space is limited; where it dies or hangs, the file that did
it is noted and the next begins. What happened is written to fuzz.json beside this file.

A run that was broken off goes on where it was, and `--replay images 1234` reads one
file again. To add a target: one more entry of `TARGETS`.
"""

from __future__ import annotations

import argparse
import io
import json
import mmap
import re
import resource
import struct
import subprocess
import sys
import threading
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import mutations, strange_forms
from skfake.environment import describe_machine, describe_versions

RESULT = Path(__file__).with_suffix(".json")
WORK = Path(__file__).parent / "checkpoints" / "fuzz"
# Seconds of a processor for one file, and seconds of a clock without any progress.
SLOW, HANGING = 2.0, 120.0
# Bytes that reading may take beyond what the libraries take.
ALLOWED = 2**30
# Sides of images in PNG files, as large as they may be, and of a bomb.
LARGEST_SIDE, BOMB_SIDE = 13_377, 60_000
HOUSE = r"[\w\[\]]+ must .+; (got|it contains) .*{name}"


@dataclass(frozen=True)
class Target:
    """What is read, from which files, and how it may refuse them."""

    files: Callable[[], dict[str, bytes]]
    change: Callable[[np.random.Generator, list[bytes]], bytes]
    read: Callable[[bytes, Path], Any]
    documented: tuple[type[Exception], ...]
    named: str
    n_inputs: int


def read_strange_image(content: bytes, _: Path) -> None:
    from skfake.images import read_image

    pixels = read_image(io.BytesIO(content), name="strange")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise AssertionError(f"pixels of shape {pixels.shape}, {pixels.dtype}")


def read_strange_archive(content: bytes, folder: Path) -> None:
    from skfake.datasets import cifake_fingerprint, load_cifake

    path = folder / "strange"
    path.write_bytes(content)
    way = zlib.crc32(content) % 4
    if way == 0:
        cifake_fingerprint(path)
    elif way == 1:
        load_cifake(path, split="test", drop_leaks=True)
    elif way == 2:
        load_cifake(path, unpack_to=folder / "strange unpacked")
    else:
        load_cifake(path)


def read_strange_folder(content: bytes, folder: Path) -> None:
    from skfake.datasets import load_image_folder
    from skfake.images import check_images, load_images

    root = folder / "strange"
    root.mkdir()
    for name, file in mutations.unpack_zip(content):
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file)
        # Names that are too long, or a file's where a folder is.
        except OSError:
            continue
    X, _ = load_image_folder(root, return_X_y=True)
    load_images(check_images(X), image_size=8)


def read_strange_model(content: bytes, folder: Path) -> None:
    from skfake import load_detector, read_model_card

    path = folder / "strange"
    path.write_bytes(content)
    read_model_card(path)
    load_detector(path)


TARGETS = {
    "images": Target(
        files=mutations.image_files,
        change=mutations.strange_image,
        read=read_strange_image,
        documented=(ValueError,),
        named="'strange'",
        n_inputs=60_000,
    ),
    "archives": Target(
        files=mutations.archive_files,
        change=mutations.strange_archive,
        read=read_strange_archive,
        documented=(ValueError,),
        named="strange",
        n_inputs=15_000,
    ),
    "folders": Target(
        files=mutations.folder_files,
        change=mutations.strange_folder,
        read=read_strange_folder,
        documented=(ValueError,),
        named="",
        n_inputs=5_000,
    ),
    "forms": Target(
        files=strange_forms.form_files,
        change=strange_forms.strange_form,
        read=strange_forms.read_strange_form,
        documented=(ValueError,),
        named="",
        n_inputs=10_000,
    ),
    "models": Target(
        files=mutations.model_files,
        change=mutations.strange_model,
        read=read_strange_model,
        documented=(ValueError,),
        named="strange",
        n_inputs=20_000,
    ),
}


def make_input(target: str, files: list[bytes], seed: int, number: int) -> bytes:
    """The file of a number, the same one every time."""
    rng = np.random.default_rng([seed, zlib.crc32(target.encode()), number])
    return TARGETS[target].change(rng, files)


def try_input(target: Target, content: bytes) -> tuple[str, str | None]:
    """What became of a file, and what was wrong about that."""
    with TemporaryDirectory(prefix="fuzz-") as folder:
        try:
            target.read(content, Path(folder))
        except target.documented as error:
            text = str(error)
            of_memory = isinstance(error.__cause__, MemoryError)
            if of_memory:
                return "out of memory", text
            if not re.match(HOUSE.format(name=target.named), text, re.DOTALL):
                return "unclear", text
            kind = next(kind for kind in target.documented if isinstance(error, kind))
            return f"refused: {kind.__name__}", None
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            return f"undocumented: {type(error).__name__}", (
                f"{type(error).__name__}: {error} ({Path(last.filename).name}, "
                f"{last.name})"
            )
    return "read", None


# The process that reads


def work(name: str, start: int, stop: int, seed: int, folder: Path) -> None:
    """Read inputs from start to stop; print a line of JSON for every few."""
    target = TARGETS[name]
    files = load_files(name, folder)
    # What reading a file imports is no memory of the file's.
    for content in files:
        try_input(target, content)
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + ALLOWED,) * 2)
    before = peak_memory()
    report = blank_report()
    with open(folder / "progress", "r+b") as file, mmap.mmap(file.fileno(), 8) as now:
        for number in range(start, stop):
            now[:] = struct.pack("<Q", number)
            content = make_input(name, files, seed, number)
            began = time.process_time()
            answer, wrong = try_input(target, content)
            seconds = time.process_time() - began
            if seconds > SLOW:
                answer, wrong = "slow", f"{seconds:.1f} seconds"
            report["answers"][answer] += 1
            if wrong is not None:
                report["wrong"].append({"input": number, answer: wrong[:300]})
            report["slowest"] = max(report["slowest"], [seconds, number])
            if (number + 1) % 250 == 0 or number + 1 == stop:
                report["peak_mib"] = (peak_memory() - before) / 2**20
                print(json.dumps({**report, "stop": number + 1}), flush=True)
                report = blank_report()


def blank_report() -> dict[str, Any]:
    return {"answers": Counter(), "wrong": [], "slowest": [0.0, -1], "peak_mib": 0.0}


def address_space() -> int:
    """Bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def peak_memory() -> int:
    """Bytes of memory that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def load_files(name: str, folder: Path) -> list[bytes]:
    """Valid files of a target, kept from when they were first made."""
    kept = folder / name
    if not kept.exists():
        made = TARGETS[name].files()
        kept.mkdir(parents=True)
        for key, content in made.items():
            (kept / key).write_bytes(content)
    return [path.read_bytes() for path in sorted(kept.iterdir())]


# The process that watches


def run_target(name: str, n_inputs: int, seed: int, folder: Path) -> dict[str, Any]:
    """Read all inputs of a target, whatever happens to the process that reads."""
    state_file = folder / f"{name} {seed}.json"
    state = blank_report()
    state["next"] = 0
    if state_file.exists():
        state = json.loads(state_file.read_text())
        state["answers"] = Counter(state["answers"])
    load_files(name, folder)
    while state["next"] < n_inputs:
        for line in watched(name, state["next"], n_inputs, seed, folder):
            state["next"] = line["stop"]
            state["answers"].update(line["answers"])
            state["wrong"] += line["wrong"]
            state["slowest"] = max(state["slowest"], line["slowest"])
            state["peak_mib"] = max(state["peak_mib"], line["peak_mib"])
            state_file.write_text(json.dumps(state))
            print(name, state["next"], dict(state["answers"]), file=sys.stderr)
    return state


def watched(name: str, start: int, stop: int, seed: int, folder: Path) -> Any:
    """Lines of a process that reads; one of our own where it died or hung."""
    progress = folder / "progress"
    progress.write_bytes(struct.pack("<Q", start))
    command = [sys.executable, __file__, "--work", name, str(start), str(stop)]
    command += ["--seed", str(seed), "--folder", str(folder)]
    errors = folder / "errors"
    with open(errors, "w+") as stream:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream)
        waiting = Watch(process, progress)
        waiting.start()
        reached = start
        for line in process.stdout or ():
            found = json.loads(line)
            reached = found["stop"]
            yield found
        code = process.wait()
        waiting.join()
    if reached < stop:
        number = struct.unpack("<Q", progress.read_bytes())[0]
        kind = "hung" if waiting.hung else f"died: {code}"
        said = errors.read_text()[-300:]
        lost = blank_report()
        # Those before it since the last line are read again, without it.
        if number > reached:
            yield from watched(name, reached, number, seed, folder)
        lost["answers"][kind] += 1
        lost["wrong"].append({"input": number, kind: said})
        yield {**lost, "stop": number + 1}


class Watch(threading.Thread):
    """Ends a process that stays with one input for too long."""

    def __init__(self, process: subprocess.Popen, progress: Path) -> None:
        super().__init__(daemon=True)
        self.process, self.progress, self.hung = process, progress, False

    def run(self) -> None:
        last, since = b"", time.monotonic()
        while self.process.poll() is None:
            time.sleep(0.2)
            now = self.progress.read_bytes()
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > HANGING:
                self.hung = True
                self.process.kill()


# The largest images, and one that is too large


def measure_largest() -> list[dict[str, Any]]:
    """Memory and time that the largest files take, each in a process of its own."""
    rows = []
    for kind in LARGEST:
        command = [sys.executable, __file__, "--largest", kind]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout))
        print(rows[-1], file=sys.stderr)
    return rows


# Colour type and bits of a PNG, channels, and the side.
LARGEST = {
    "gray": (0, 8, 1, LARGEST_SIDE),
    "RGB": (2, 8, 3, LARGEST_SIDE),
    "RGB and opacity": (6, 8, 4, LARGEST_SIDE),
    "bomb": (2, 8, 3, BOMB_SIDE),
}


def measure_one(kind: str) -> dict[str, Any]:
    """Read a PNG file of one colour, as large as may be."""
    from skfake.images import read_image

    colour, bits, n_channels, side = LARGEST[kind]
    packer = zlib.compressobj(1)
    lines = side if kind != "bomb" else 1
    line = bytes(1 + side * n_channels * bits // 8)
    packed = b"".join(packer.compress(line) for _ in range(lines)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    chunks = [mutations.png_chunk(*part) for part in parts]
    file = io.BytesIO(mutations.PNG + b"".join(chunks))
    read_image(io.BytesIO(mutations.image_files()["png"]))
    before, began = peak_memory(), time.process_time()
    try:
        read_image(file, name=kind)
        answer = "read"
    except ValueError:
        answer = "refused"
    return {
        "kind": kind,
        "side": side,
        "file_kib": len(file.getvalue()) / 1024,
        "answer": answer,
        "seconds": time.process_time() - began,
        "peak_mib": (peak_memory() - before) / 2**20,
    }


# What is told of it


def to_rst(found: dict[str, Any]) -> str:
    """Table for the manual."""
    rows = [
        ("what", "files", "read", "refused", "wrong", "slowest, s", "most memory, MiB")
    ]
    for name, result in found["targets"].items():
        answers = result["answers"]
        refused = sum(n for key, n in answers.items() if key.startswith("refused"))
        n_read = answers.get("read", 0)
        wrong = result["n_inputs"] - n_read - refused
        rows.append(
            (
                name,
                f"{result['n_inputs']:,}",
                f"{n_read:,}",
                f"{refused:,}",
                str(wrong),
                f"{result['slowest_seconds']:.2f}",
                f"{result['peak_mib']:,.0f}",
            )
        )
    return list_table(rows)


def to_largest_rst(found: dict[str, Any]) -> str:
    """Table of the largest images, for the manual."""
    rows = [("image", "pixels", "file, KiB", "answer", "s", "most memory, MiB")]
    for row in found["largest"]:
        rows.append(
            (
                row["kind"],
                f"{row['side']:,} x {row['side']:,}",
                f"{row['file_kib']:,.0f}",
                row["answer"],
                f"{row['seconds']:.1f}",
                f"{row['peak_mib']:,.0f}",
            )
        )
    return list_table(rows)


def list_table(rows: list[tuple[str, ...]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'* -' if i == 0 else '  -'} {c}" for i, c in enumerate(row)]
    return "\n".join(lines)


def main() -> int:
    """Read strange files, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--n-inputs", type=int, help="of each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=WORK, help="what to go on from")
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "INPUT"))
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--largest", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.work:
        name, start, stop = arguments.work
        work(name, int(start), int(stop), arguments.seed, arguments.folder)
        return 0
    if arguments.largest:
        print(json.dumps(measure_one(arguments.largest)))
        return 0
    if arguments.replay:
        name, number = arguments.replay
        files = load_files(name, arguments.folder)
        content = make_input(name, files, arguments.seed, int(number))
        print(try_input(TARGETS[name], content))
        return 0
    targets = {}
    for name in arguments.targets:
        n_inputs = arguments.n_inputs or TARGETS[name].n_inputs
        state = run_target(name, n_inputs, arguments.seed, arguments.folder)
        seconds, number = state["slowest"]
        targets[name] = {
            "n_inputs": sum(state["answers"].values()),
            "answers": dict(sorted(state["answers"].items())),
            "wrong": state["wrong"],
            "slowest_seconds": seconds,
            "slowest_input": number,
            "peak_mib": state["peak_mib"],
        }
    found = {
        "seed": arguments.seed,
        "seconds_allowed": SLOW,
        "mib_allowed": ALLOWED // 2**20,
        "targets": targets,
        "largest": measure_largest(),
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(to_rst(found))
    return int(any(target["wrong"] for target in targets.values()))


if __name__ == "__main__":
    sys.exit(main())
