import io
import os
import sys
import tarfile
import zipfile
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from skfake.datasets import (
    cifake,
    cifake_fingerprint,
    fetch_cifake,
    find_duplicates,
    load_cifake,
    make_images,
)
from tests.tracing import untraced

FORMS = ["folder", "zip", "tar", "tar.gz", "tar.xz"]
NAMES = ["0001 (2).jpg", "0001.jpg", "0002.jpg"]


def as_jpeg(image, quality=95):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def files():
    """Twelve files in CIFAKE's layout; test/FAKE/0001.jpg is train/FAKE/0002.jpg."""
    images = iter(make_images(12, random_state=0).data)
    files = {
        f"{split}/{name}/{file}": as_jpeg(next(images))
        for split in ("train", "test")
        for name in ("REAL", "FAKE")
        for file in NAMES
    }
    files["test/FAKE/0001.jpg"] = files["train/FAKE/0002.jpg"]
    return files


def write_source(files, form, path):
    """Write files as a folder or archive; return its path."""
    if form == "folder":
        for name, content in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return path
    archive = path / f"copy.{form}"
    if form == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return archive
    with tarfile.open(archive, f"w:{form[4:]}") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return archive


@pytest.fixture
def source(files, tmp_path):
    return write_source(files, "zip", tmp_path)


# Loading


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("above", ["", "cifake/", "a/train/REAL/b/"])
def test_all_forms_give_the_same_images_in_the_same_order(files, tmp_path, form, above):
    shuffled = {f"{above}{name}": files[name] for name in sorted(files, reverse=True)}
    bunch = load_cifake(write_source(shuffled, form, tmp_path))
    assert bunch.filenames.tolist() == [
        *(f"train/FAKE/{name}" for name in NAMES),
        *(f"train/REAL/{name}" for name in NAMES),
    ]
    assert bunch.target.tolist() == [1, 1, 1, 0, 0, 0]
    assert bunch.target_names.tolist() == ["REAL", "FAKE"]
    assert bunch.data.dtype == np.uint8
    for filename, image in zip(bunch.filenames, bunch.data, strict=True):
        decoded = Image.open(io.BytesIO(files[filename])).convert("RGB")
        np.testing.assert_array_equal(image, np.asarray(decoded))


def test_split_chooses_the_part(source):
    bunch = load_cifake(str(source), split="test")
    assert all(filename.startswith("test/") for filename in bunch.filenames)
    assert len(bunch.data) == 6


def test_the_pair_holds_what_the_bunch_holds(source):
    bunch = load_cifake(source)
    X, y = load_cifake(source, return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_drop_leaks_leaves_out_test_images_that_are_in_train(source):
    train = load_cifake(source)
    test = load_cifake(source, split="test", drop_leaks=True)
    whole = load_cifake(source, split="test")
    assert set(whole.filenames) - set(test.filenames) == {"test/FAKE/0001.jpg"}
    assert len(find_duplicates(test.data, train.data)) == 0
    assert test.target.tolist() == [1, 1, 0, 0, 0]


def test_drop_leaks_does_not_change_train(source):
    kept = load_cifake(source, drop_leaks=True)
    np.testing.assert_array_equal(kept.data, load_cifake(source).data)


def test_other_files_are_passed_over(files, tmp_path):
    extra = {
        "readme.txt": b"text",
        "train/readme.txt": b"text",
        "train/REAL/Thumbs.db": b"text",
        "train/REAL/._0001.jpg": b"text",
        "__MACOSX/train/REAL/._0001.jpg": b"text",
        "train/REAL/deeper/0001.jpg": b"text",
        "validation/REAL/0001.jpg": b"text",
    }
    for form in ("folder", "zip", "tar"):
        path = tmp_path / form
        path.mkdir()
        assert len(load_cifake(write_source({**files, **extra}, form, path)).data) == 6


def test_the_description_tells_the_licence_and_the_flaws(source):
    text = load_cifake(source).DESCR
    for fact in ("MIT", "2303.14126", "378", "1,336", "Stable Diffusion 1.4"):
        assert fact in text


# Keeping


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_images_that_are_kept_are_not_decoded_again(files, tmp_path, form, monkeypatch):
    source, memory = write_source(files, form, tmp_path), str(tmp_path / "memory")
    options = {"split": "test", "drop_leaks": True, "memory": memory}
    first = load_cifake(source, **options)
    decode, decoded = cifake.decode_file, []

    def note(content, **of):
        decoded.append(content)
        return decode(content, **of)

    monkeypatch.setattr(cifake, "decode_file", note)
    again = load_cifake(source, **options)
    np.testing.assert_array_equal(again.data, first.data)
    assert again.filenames.tolist() == first.filenames.tolist()
    assert not decoded
    assert len(load_cifake(source, memory=memory).data) == 6
    assert len(decoded) == 6


def test_images_of_a_source_that_has_changed_are_decoded_again(files, tmp_path):
    source, memory = write_source(files, "folder", tmp_path), str(tmp_path / "memory")
    assert len(load_cifake(source, memory=memory).data) == 6
    file = source / "train" / "REAL" / "0001.jpg"
    file.with_name("0009.jpg").write_bytes(file.read_bytes())
    assert len(load_cifake(source, memory=memory).data) == 7


def test_a_memory_that_is_none_is_refused(source):
    with pytest.raises(ValueError, match="'memory' should be"):
        load_cifake(source, memory=3)


# Unpacking


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_unpack_to_leaves_a_folder_that_reads_the_same(files, tmp_path, form):
    archive = write_source(files, form, tmp_path)
    bunch = load_cifake(archive, unpack_to=tmp_path / "new" / "unpacked")
    np.testing.assert_array_equal(bunch.data, load_cifake(archive).data)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["unpacked"]
    unpacked = cifake_fingerprint(tmp_path / "new" / "unpacked")
    assert unpacked == cifake_fingerprint(archive)


def test_an_unpacked_folder_is_read_and_not_written_again(source, tmp_path):
    folder = tmp_path / "unpacked"
    load_cifake(source, unpack_to=folder)
    (folder / "train" / "REAL" / "0001.jpg").unlink()
    assert len(load_cifake(source, unpack_to=folder).data) == 5


def test_an_empty_folder_is_unpacked_to(source, tmp_path):
    (tmp_path / "empty").mkdir()
    assert len(load_cifake(source, unpack_to=tmp_path / "empty").data) == 6


def test_a_failed_unpacking_leaves_nothing(files, tmp_path):
    archive = write_source(files, "tar.gz", tmp_path)
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(ValueError, match="must be a readable archive"):
        load_cifake(archive, unpack_to=tmp_path / "unpacked")
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_names_and_links_in_an_archive_can_not_leave_the_folder(files, tmp_path, form):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    harmful = {
        "../../escaped.jpg": b"",
        "../../train/REAL/../../escaped.jpg": b"",
        "train/REAL/..\\..\\escaped.jpg": b"",
        "train/REAL/C:escaped.jpg": b"",
        f"{tmp_path}/escaped.jpg": b"",
        f"{tmp_path}/elsewhere/train/REAL/absolute.jpg": files["train/REAL/0001.jpg"],
        "../../elsewhere/train/REAL/above.jpg": files["train/REAL/0001.jpg"],
    }
    archive = write_source({**files, **harmful}, form, inner)
    if form == "tar":
        with tarfile.open(archive, "a") as packed:
            link = tarfile.TarInfo("train/REAL/link.jpg")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            packed.addfile(link)
    before = set(tmp_path.rglob("*"))
    bunch = load_cifake(archive, unpack_to=inner / "unpacked")
    written = set(tmp_path.rglob("*")) - before
    assert all((inner / "unpacked") in (path, *path.parents) for path in written)
    assert sorted(bunch.filenames[bunch.target == 0]) == [
        *(f"train/REAL/{name}" for name in NAMES),
        "train/REAL/above.jpg",
        "train/REAL/absolute.jpg",
    ]


def test_unpack_to_wants_an_archive_and_a_folder(files, source, tmp_path):
    with pytest.raises(ValueError, match="must be an archive where unpack_to is given"):
        load_cifake(write_source(files, "folder", tmp_path), unpack_to=tmp_path / "new")
    with pytest.raises(ValueError, match="unpack_to must be a folder; got the file"):
        load_cifake(source, unpack_to=source)


# What can't be loaded


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"got '.*no\.zip', which does not exis"
    ):
        load_cifake(tmp_path / "no.zip")


@pytest.mark.parametrize("content", [b"", b"neither zip nor tar" * 99])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "data.zip").write_bytes(content)
    with pytest.raises(ValueError, match="must be a folder, a zip or a tar file; got"):
        load_cifake(tmp_path / "data.zip")


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz", "tar.xz"])
@pytest.mark.parametrize("kept", [0.2, 0.9])
def test_a_cut_off_archive_is_refused(files, tmp_path, form, kept):
    archive = write_source(files, form, tmp_path)
    # Past its last file a tar holds zeros only.
    content = archive.read_bytes().rstrip(b"\0")
    archive.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=r"source must be .*copy\."):
        load_cifake(archive)


def test_damage_that_gzip_alone_notices_is_refused(files, tmp_path):
    archive = write_source(files, "tar.gz", tmp_path)
    content = bytearray(archive.read_bytes())
    content[-8] ^= 1  # the first byte of the checksum
    archive.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"readable archive or folder; got .* CRC check"
    ):
        load_cifake(archive)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_damage_anywhere_is_refused_or_does_no_harm(files, tmp_path, form, place, bit):
    archive = write_source(files, form, tmp_path)
    content = bytearray(archive.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    archive.write_bytes(content)
    with suppress(ValueError):
        load_cifake(archive)


def test_a_source_without_the_layout_is_refused(files, tmp_path):
    fakes = {name: files[name] for name in files if "REAL" not in name}
    archive = write_source(fakes, "zip", tmp_path)
    with pytest.raises(ValueError, match=r"got .*copy.zip' without train/REAL\. Pass"):
        load_cifake(archive)


def test_leaks_can_not_be_dropped_without_the_training_part(files, tmp_path):
    test = {name: files[name] for name in files if name.startswith("test")}
    archive = write_source(test, "zip", tmp_path)
    assert len(load_cifake(archive, split="test").data) == 6
    with pytest.raises(ValueError, match="without train/REAL"):
        load_cifake(archive, split="test", drop_leaks=True)


def test_two_copies_in_one_source_are_refused(files, tmp_path):
    two = {f"{copy}/{name}": files[name] for copy in "ab" for name in files}
    with pytest.raises(
        ValueError, match=r"each file of CIFAKE once; got .* two places"
    ):
        load_cifake(write_source(two, "tar", tmp_path))


def test_an_image_of_another_size_is_refused(files, tmp_path):
    wide = as_jpeg(np.zeros((32, 48, 3), np.uint8))
    archive = write_source({**files, "train/REAL/0009.jpg": wide}, "zip", tmp_path)
    with pytest.raises(ValueError, match=r"32x32 .*train/REAL/0009.jpg' of 48x32\."):
        load_cifake(archive)


def test_a_broken_image_is_named(files, tmp_path):
    broken = {**files, "train/REAL/0009.jpg": files["train/REAL/0001.jpg"][:400]}
    with pytest.raises(ValueError, match=r"copy\.zip/train/REAL/0009\.jpg"):
        load_cifake(write_source(broken, "zip", tmp_path))


@pytest.mark.parametrize(
    ("name", "value"), [("source", 3), ("split", "validation"), ("drop_leaks", "yes")]
)
def test_wrong_parameters_get_scikit_learns_words(source, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of load_cifake must"):
        load_cifake(**{"source": source, name: value})


# The fingerprint


@pytest.mark.parametrize("form", FORMS)
def test_the_fingerprint_does_not_depend_on_the_packing(files, tmp_path, source, form):
    path = tmp_path / "copy"
    path.mkdir()
    other = {f"top/{name}": files[name] for name in sorted(files, reverse=True)}
    repacked = write_source({**other, "readme.txt": b""}, form, path)
    assert cifake_fingerprint(repacked) == cifake_fingerprint(source)


def test_the_fingerprint_sees_names_and_bytes(files, tmp_path, source):
    changed = [
        {**files, "test/REAL/0001.jpg": files["test/REAL/0002.jpg"]},
        {name: files[name] for name in list(files)[1:]},
        {**files, "test/REAL/0003.jpg": files["test/REAL/0002.jpg"]},
    ]
    prints = {cifake_fingerprint(source)}
    for i, other in enumerate(changed):
        (tmp_path / str(i)).mkdir()
        prints.add(cifake_fingerprint(write_source(other, "zip", tmp_path / str(i))))
    assert len(prints) == 4


# Fetching


@pytest.fixture
def kaggle(monkeypatch, files, source):
    """A stand-in for kagglehub that offers `files` and counts its downloads."""
    kaggle = SimpleNamespace(files=files, downloads=0, error=None)

    def dataset_download(handle, *, output_dir):
        assert handle == "birdy654/cifake-real-and-ai-generated-synthetic-images"
        kaggle.downloads += 1
        if kaggle.error is not None:
            raise kaggle.error
        root = cifake.Path(output_dir)
        root.mkdir()
        write_source(kaggle.files, "folder", root)
        return output_dir

    kaggle.dataset_download = dataset_download
    monkeypatch.setitem(sys.modules, "kagglehub", kaggle)
    monkeypatch.setattr(cifake, "FINGERPRINT", cifake_fingerprint(source))
    return kaggle


def kept_in(data_home):
    return sorted(path.name for path in (data_home / "cifake").iterdir())


def test_fetch_downloads_once_and_loads_what_was_published(kaggle, source, tmp_path):
    home = tmp_path / "home"
    for split in ("train", "test"):
        fetched = fetch_cifake(split=split, data_home=home)
        loaded = load_cifake(source, split=split)
        np.testing.assert_array_equal(fetched.data, loaded.data)
        np.testing.assert_array_equal(fetched.filenames, loaded.filenames)
    X, y = fetch_cifake(split="test", drop_leaks=True, data_home=home, return_X_y=True)
    assert (len(X), len(y)) == (5, 5)
    assert kaggle.downloads == 1
    assert kept_in(home) == ["cifake.zip"]


def test_fetch_keeps_to_scikit_learns_data_home(kaggle, monkeypatch, tmp_path):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sklearn"))
    fetch_cifake()
    assert kept_in(tmp_path / "sklearn") == ["cifake.zip"]


def test_fetch_keeps_nothing_that_was_not_published(kaggle, tmp_path):
    kaggle.files = {**kaggle.files, "train/REAL/0003.jpg": b"one more"}
    with pytest.raises(OSError, match=r"fingerprint must be .* Nothing was kept"):
        fetch_cifake(data_home=tmp_path)
    assert kept_in(tmp_path) == []


@pytest.mark.parametrize("error", [ConnectionError("no route"), RuntimeError("403")])
def test_fetch_offline_points_to_load_cifake(kaggle, tmp_path, error):
    kaggle.error = error
    with pytest.raises(
        OSError, match=r"within reach; got .*by hand and use load_cifak"
    ):
        fetch_cifake(data_home=tmp_path)
    assert kept_in(tmp_path) == []


def test_an_interrupted_download_leaves_nothing(kaggle, tmp_path):
    kaggle.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fetch_cifake(data_home=tmp_path)
    assert kept_in(tmp_path) == []


def test_fetch_without_kagglehub_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(ImportError, match=r'pip install "skfake\[kaggle\]"'):
        fetch_cifake(data_home=tmp_path)


def test_fetch_may_be_told_not_to_download(kaggle, tmp_path):
    with pytest.raises(OSError, match="download_if_missing must be True the first"):
        fetch_cifake(data_home=tmp_path, download_if_missing=False)
    assert kaggle.downloads == 0
    fetch_cifake(data_home=tmp_path)
    assert len(fetch_cifake(data_home=tmp_path, download_if_missing=False).data) == 6


# The published files


@pytest.mark.cifake
def test_cifake_has_its_published_numbers(cifake_train, cifake_test):
    assert cifake_train.data.shape == (100_000, 32, 32, 3)
    assert cifake_test.data.shape == (20_000, 32, 32, 3)
    assert np.bincount(cifake_train.target).tolist() == [50_000, 50_000]
    assert np.bincount(cifake_test.target).tolist() == [10_000, 10_000]


@pytest.mark.cifake
def test_fetch_accepts_the_published_files(cifake_path, monkeypatch, tmp_path):
    stand_in = SimpleNamespace(dataset_download=lambda *_, **__: str(cifake_path))
    monkeypatch.setitem(sys.modules, "kagglehub", stand_in)
    with untraced():
        X, y = fetch_cifake(split="test", data_home=tmp_path, return_X_y=True)
    assert (len(X), y.sum()) == (20_000, 10_000)


def test_a_bomb_in_an_archive_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train/REAL/0001.jpg", bytes(2**20 + 1))
    with pytest.raises(ValueError, match=r"at most 1,048,576 bytes; got 'train/REAL"):
        load_cifake(path)


def test_a_sparse_file_in_a_tar_is_refused_by_its_size(tmp_path):
    path = tmp_path / "sparse.tar"
    info = tarfile.TarInfo("train/REAL/0001.jpg")
    info.size = 2**40
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(
        ValueError, match=r"got .train/REAL/0001\.jpg. of 1,099,511,627,"
    ):
        load_cifake(path)


@pytest.mark.parametrize("name", ["a" * 60, "\N{GRINNING FACE}" * 60, "a\nb", "a\0b"])
def test_names_that_no_file_can_have_are_passed_over(name, tmp_path):
    path = tmp_path / "names.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(f"train/REAL/{name}.jpg"))
    with pytest.raises(ValueError, match="without train/REAL"):
        load_cifake(path, unpack_to=tmp_path / "unpacked")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    (tmp_path / "train" / "REAL").mkdir(parents=True)
    os.mkfifo(tmp_path / "train" / "REAL" / "0001.jpg")
    with pytest.raises(ValueError, match="without train/REAL"):
        load_cifake(tmp_path)
