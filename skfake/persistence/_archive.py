"""The container of a saved detector: a plain zip, checked by its digest and bounds."""

import hashlib
import io
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from skfake.files import replace_when_whole

# Every member's name, and the first's.
MEMBER = re.compile(r"[a-z]+(-\d{1,6})?\.(json|npy|bin|safetensors)")
FIRST = "manifest.json"
# The zip's comment, which ends the file: what it is, and the digest of all before.
LABEL = b"skfake sha256:"
N_DIGITS = 64
# How a zip ends before its comment, and what in it counts.
END = struct.Struct("<4s4H2LH")
END_SIGNATURE = b"PK\5\6"
LARGEST_DIRECTORY = 2**20
LARGEST_JSON = 2**24
# The same bytes every time.
EPOCH = (1980, 1, 1, 0, 0, 0)
CHUNK = 2**20


class Damaged(ValueError):
    """A file that was cut short or changed, or was never what it says."""


@contextmanager
def create(path: Path) -> Iterator[ZipFile]:
    """Write a container beside its place, and put it there when it is whole."""
    with replace_when_whole(path) as beside, open(beside, "w+b") as stream:
        with ZipFile(stream, "w", ZIP_STORED) as archive:
            archive.comment = LABEL + b"0" * N_DIGITS
            yield archive
        stream.seek(0, os.SEEK_END)
        size = stream.tell() - N_DIGITS
        digest = _digest(stream, size)
        stream.seek(size)
        stream.write(digest)


def add(archive: ZipFile, name: str, content: bytes) -> None:
    """Add a member."""
    archive.writestr(ZipInfo(name, EPOCH), content)


@contextmanager
def check_and_open(path: Path) -> Iterator[ZipFile]:
    """Open a container for reading, if it is sound."""
    if not path.is_file():
        kind = IsADirectoryError if path.is_dir() else FileNotFoundError
        came = "a folder" if path.is_dir() else "which is no file"
        raise kind(f"path must be a saved detector; got {str(path)!r}, {came}.")
    with open(path, "rb") as stream:
        _check_ends(stream)
        try:
            archive = ZipFile(stream)
            _check_members(archive, os.fstat(stream.fileno()).st_size)
        except (BadZipFile, EOFError, UnicodeDecodeError, NotImplementedError) as error:
            raise Damaged("whose directory can't be read") from error
        with archive:
            yield archive


def read(archive: ZipFile, name: str) -> bytes:
    """Read a member."""
    try:
        return archive.read(name)
    except (KeyError, BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise Damaged(f"whose member {name!r} can't be read") from error


def _check_ends(stream: BinaryIO) -> None:
    """Refuse what has not our beginning, our end and our digest."""
    start = stream.read(30 + len(FIRST))
    ours = start.startswith(b"PK\3\4") and start.endswith(FIRST.encode())
    n_comment = len(LABEL) + N_DIGITS
    size = stream.seek(0, os.SEEK_END)
    if not ours or size < END.size + n_comment:
        raise Damaged("which is something else" if not ours else "which was cut short")
    stream.seek(size - END.size - n_comment)
    ending = stream.read(END.size)
    signature, *_, directory, _, length = END.unpack(ending)
    comment = stream.read()
    if signature != END_SIGNATURE or not comment.startswith(LABEL):
        raise Damaged("which was cut short or changed")
    if length != n_comment or directory > LARGEST_DIRECTORY:
        raise Damaged("whose directory is not as it should be")
    if _digest(stream, size - N_DIGITS) != comment[len(LABEL) :]:
        raise Damaged("which was changed: its checksum is another")


def _check_members(archive: ZipFile, size: int) -> None:
    """Refuse members that would unpack to more than is there, or leave the archive."""
    members = archive.infolist()
    names = [member.filename for member in members]
    strange = [name for name in names if not MEMBER.fullmatch(name)]
    if strange:
        raise Damaged(f"with a member {strange[0][:100]!r} that is none of ours")
    if len(set(names)) < len(names):
        raise Damaged("with two members of one name")
    if any(m.compress_type != ZIP_STORED or m.flag_bits & 1 for m in members):
        raise Damaged("with a member that is compressed or encrypted")
    if any(m.file_size != m.compress_size for m in members):
        raise Damaged("with a member whose size is not as it should be")
    if sum(m.file_size for m in members) > size:
        raise Damaged("whose members take more than the file")
    if any(m.file_size > LARGEST_JSON for m in members if m.filename.endswith("json")):
        raise Damaged(f"with JSON of more than {LARGEST_JSON:,} bytes")


def _digest(stream: BinaryIO, size: int) -> bytes:
    """Digest, in hexadecimal digits, of the first bytes of a file."""
    stream.seek(0)
    digest = hashlib.sha256()
    while size > 0:
        chunk = stream.read(min(CHUNK, size))
        digest.update(chunk)
        size -= len(chunk) or size
    return digest.hexdigest().encode()


def pack(members: dict[str, bytes]) -> bytes:
    """Zip in memory of members."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, content in members.items():
            add(archive, name, content)
    return buffer.getvalue()
