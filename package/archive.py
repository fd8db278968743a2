"""Folders made into zips: with byte code, and the same bytes whenever and wherever the same files go in."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16
_UNIX = 3


@dataclass(frozen=True)
class Size:
    """How large a zip is: itself, its files, and what they are unpacked; in bytes."""

    zipped: int
    files: int
    unpacked: int


def compile_all(folder: Path) -> None:
    """Put byte code beside every source, with paths as seen from the folder.

    It is taken as it is (`unchecked-hash`): time stamps do not survive a zip, and the byte code would be made anew
    at every start. A source that does not compile stops the build.
    """
    options = ["-q", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(folder)]
    subprocess.run([sys.executable, "-m", "compileall", *options, str(folder)], check=True)  # noqa: S603 - Python's own


def write_zip(folder: Path, target: Path) -> Size:
    """Pack the folder's files, in the order of their names and without times, owners and modes of this machine."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with ZipFile(target, "w") as archive:
        for file in files:
            entry = ZipInfo(file.relative_to(folder).as_posix(), _EARLIEST)
            entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, _UNIX, _READABLE_FILE
            archive.writestr(entry, file.read_bytes(), compresslevel=9)
    return Size(target.stat().st_size, len(files), sum(file.stat().st_size for file in files))
