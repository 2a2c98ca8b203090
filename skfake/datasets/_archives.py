"""Read the files of a folder, a zip or a tar alike, without unpacking."""

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

# What the standard library raises for archives that are damaged, cut off, encrypted
# or packed in a way that it does not know.
UNREADABLE = (
    EOFError,
    OSError,
    RuntimeError,
    MemoryError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)

# Bytes of one file. No small image takes so many; a bomb in an archive takes more.
LARGEST = 2**20


Choose = Callable[[str], str | None]
Files = Iterator[tuple[str, bytes]]


def read_files(source: Path, choose: Choose) -> Files:
    """Names and contents of chosen files, in the order in which they lie."""
    if not source.exists():
        raise FileNotFoundError(
            "source must be a folder, a zip or a tar file; got "
            f"{str(source)!r}, which does not exist."
        )
    try:
        yield from _reader(source)(source, choose)
    except UNREADABLE as error:
        raise ValueError(
            f"source must be a readable archive or folder; got {str(source)!r}: "
            f"{str(error) or type(error).__name__}. Download it again."
        ) from error


def list_files(folder: Path, choose: Choose) -> Iterator[tuple[str, Path]]:
    """Names and paths of the chosen files of a folder, at any depth."""
    for inside, _, files in os.walk(folder, followlinks=True):
        inner = Path(inside).relative_to(folder).as_posix()
        for file in files:
            path = Path(inside, file)
            # A pipe or a device would be waited for.
            if (name := choose(f"{inner}/{file}")) and path.is_file():
                yield name, path


def _reader(source: Path) -> Callable[[Path, Choose], Files]:
    if source.is_dir():
        return _read_folder
    if zipfile.is_zipfile(source):
        return _read_zip
    if tarfile.is_tarfile(source):
        return _read_tar
    raise ValueError(
        "source must be a folder, a zip or a tar file; got the file "
        f"{str(source)!r}, which is neither, or damaged."
    )


def _read_folder(source: Path, choose: Choose) -> Files:
    for name, path in list_files(source, choose):
        _check_size(name, path.stat().st_size)
        yield name, path.read_bytes()


def _read_zip(source: Path, choose: Choose) -> Files:
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            if name := choose(info.filename):
                _check_size(name, info.file_size)
                yield name, archive.read(info)


def _read_tar(source: Path, choose: Choose) -> Files:
    with tarfile.open(source) as archive:
        for member in archive:
            name = choose(member.name) if member.isreg() else None
            if name and (content := archive.extractfile(member)):
                _check_size(name, member.size)
                yield name, content.read()
        # A tar ends before the stream it is packed in: only reading on makes gzip
        # compare its checksum.
        while archive.fileobj and archive.fileobj.read(2**20):
            pass


def _check_size(name: str, size: int) -> None:
    if size > LARGEST:
        raise ValueError(
            f"source must hold files of at most {LARGEST:,} bytes; got {name!r} of "
            f"{size:,}."
        )
