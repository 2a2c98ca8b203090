"""Files that are not whole, not ours or made to do harm are refused in a sentence."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from benchmarks import loading_traps
from skfake import load_detector, read_model_card

REFUSED = "path must be a file that save_detector wrote"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A detector with a network and one with a machine, saved."""
    return loading_traps.make_files(tmp_path_factory.mktemp("files"))


TRAPS = [(kind, name) for kind, traps in loading_traps.TRAPS.items() for name in traps]


@pytest.mark.parametrize(("kind", "name"), TRAPS)
def test_traps_are_refused_at_once(kind, name, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = Path("trap.skfake")
    members = loading_traps.members_of(files[kind])
    file.write_bytes(loading_traps.TRAPS[kind][name](members))
    start = time.process_time()
    with pytest.raises(ValueError, match=REFUSED):
        load_detector(file)
    assert time.process_time() - start < 1
    assert [found.name for found in Path().iterdir()] == [file.name]


def test_what_traps_are_made_of_is_sound(files, tmp_path):
    for file in files.values():
        forged = tmp_path / "forged.skfake"
        forged.write_bytes(loading_traps.forge(loading_traps.members_of(file)))
        load_detector(forged)


@pytest.mark.parametrize("read", [load_detector, read_model_card])
def test_every_cut_is_found(read, files, tmp_path):
    content = files["network"].read_bytes()
    file = tmp_path / "cut"
    for size in [*range(0, 100, 7), *range(100, len(content), len(content) // 40)]:
        file.write_bytes(content[:size])
        with pytest.raises(ValueError, match=REFUSED):
            read(file)
    file.write_bytes(content + b"\0")
    with pytest.raises(ValueError, match=REFUSED):
        read(file)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_changed_byte_is_found(data, files, tmp_path):
    content = bytearray(files["network"].read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    file = tmp_path / "changed"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=REFUSED):
        load_detector(file)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_foreign_files_are_refused(content, tmp_path):
    file = tmp_path / "foreign"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="which is something else"):
        load_detector(file)


@pytest.mark.parametrize(
    ("number", "advice"),
    [(1, "Fit the detector again, and save"), (3, "Upgrade skfake")],
)
def test_a_file_of_another_format_says_who_wrote_it(number, advice, files, tmp_path):
    members = loading_traps.members_of(files["network"])
    manifest = json.loads(members["manifest.json"])
    manifest |= {"format": number, "skfake": "7.1.0"}
    file = tmp_path / "other"
    forged = loading_traps.forge(members, manifest__json=json.dumps(manifest).encode())
    file.write_bytes(forged)
    words = rf"format {number}, which skfake 7\.1\.0 wrote. {advice}"
    for read in (load_detector, read_model_card):
        with pytest.raises(ValueError, match=words):
            read(file)


@pytest.mark.parametrize(
    "manifest", [{}, [], {"format": "1"}, {"format": 2}, {"format": 2, "card": []}]
)
def test_a_manifest_of_another_kind_is_refused(manifest, files, tmp_path):
    members = loading_traps.members_of(files["network"])
    file = tmp_path / "strange"
    forged = loading_traps.forge(members, manifest__json=json.dumps(manifest).encode())
    file.write_bytes(forged)
    with pytest.raises(ValueError, match=REFUSED):
        read_model_card(file)


def test_what_is_not_there_is_not_there(tmp_path):
    for read in (load_detector, read_model_card):
        with pytest.raises(FileNotFoundError, match="nothing', which is no file"):
            read(tmp_path / "nothing")
        with pytest.raises(IsADirectoryError, match=r"saved detector; got .*a folder"):
            read(tmp_path)


def test_tensors_of_another_network_are_refused(files, tmp_path):
    members = loading_traps.members_of(files["network"])
    file = loading_traps.net_file(members)
    tensors = load(members[file])
    name = next(iter(tensors))
    for changed in (
        {**tensors, name: tensors[name].astype(np.float64)},
        {**tensors, "more": tensors[name]},
        {key: value for key, value in tensors.items() if key != name},
    ):
        other = tmp_path / "other"
        content = loading_traps.zip_members({**members, file: save(changed)})
        other.write_bytes(loading_traps.seal(content))
        with pytest.raises(ValueError, match="net_ must hold the tensors of the netw"):
            load_detector(other)
