"""What `/api/docs` is made with is the release that the record names, whole and as it came."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from package.docs_assets import FOLDER, RECORD, TAKEN, UnexpectedError, integrity, unpacked

RECORDED = json.loads(RECORD.read_text("utf-8"))


def packed(folder: Path, content: bytes) -> Path:
    """Make an archive such as npm's, with every file that is taken and one that is not."""
    archive = folder / "some.tgz"
    with tarfile.open(archive, "w:gz") as files:
        for name in (*TAKEN.values(), "index.js"):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            files.addfile(member, io.BytesIO(content))
    return archive


def test_the_files_are_those_of_the_record_with_their_licence() -> None:
    assert RECORDED["files"].keys() == TAKEN.keys()
    for name, expected in RECORDED["files"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == expected, name
    assert "Apache License" in (FOLDER / "swagger-ui.LICENSE.txt").read_text("utf-8")


def test_the_record_names_no_address() -> None:
    assert "://" not in RECORD.read_text("utf-8")


def test_an_archive_gives_what_is_taken_of_it_and_no_more(tmp_path: Path) -> None:
    archive = packed(tmp_path, b"content")
    assert unpacked(archive, integrity(archive)) == dict.fromkeys(TAKEN, b"content")


def test_an_archive_with_another_hash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedError, match="has the hash sha512-"):
        unpacked(packed(tmp_path, b"other"), RECORDED["integrity"])
