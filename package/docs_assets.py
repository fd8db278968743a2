"""`python -m package.docs_assets [VERSION]`: fetches what `/api/docs` is made with, and writes it where it is served.

`docs_assets.json` says which release that is and what it hashes to; anything else is refused. With a version, that one
is fetched and the record is written anew: look at the difference, and run the tests, before it is committed.
"""

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from package.app import ROOT

RECORD = Path(__file__).with_suffix(".json")
FOLDER = ROOT / "shared" / "docs_assets"

# By the names that they get here: `.funcignore` keeps every LICENSE out of the package.
TAKEN = {
    "swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.LICENSE.txt": "LICENSE",
    "swagger-ui.NOTICE.txt": "NOTICE",
    "swagger-ui.css": "swagger-ui.css",
}


class UnexpectedError(Exception):
    """What was fetched is not what the record says."""


def main() -> None:
    """Fetch the release, check it against the record, and write its files."""
    parser = argparse.ArgumentParser(prog="python -m package.docs_assets", description=__doc__)
    parser.add_argument("version", nargs="?", metavar="VERSION", help="another release than the recorded one")
    version: str | None = parser.parse_args().version
    record = json.loads(RECORD.read_text("utf-8"))
    with TemporaryDirectory() as folder:
        archive = _fetch(f"{record['package']}@{version or record['version']}", Path(folder))
        if version:
            record |= {"version": version, "integrity": integrity(archive)}
        files = unpacked(archive, record["integrity"])
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
    if version:
        record["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        RECORD.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    sys.stdout.write(f"{record['package']} {record['version']}: {len(files)} files\n")


def _fetch(release: str, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("There is no npm on the PATH, and npm is what fetches this.")
    command = [npm, "pack", release, "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a fixed command
    [archive] = folder.iterdir()
    return archive


def integrity(archive: Path) -> str:
    """Hash an archive as npm does in its lock files."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def unpacked(archive: Path, expected: str) -> dict[str, bytes]:
    """Give the files that are taken out of an archive; raises UnexpectedError where it is not the expected one."""
    if (found := integrity(archive)) != expected:
        raise UnexpectedError(f"{archive.name} has the hash {found}, not {expected}.")
    with TemporaryDirectory() as folder, tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
        return {name: (Path(folder) / "package" / source).read_bytes() for name, source in TAKEN.items()}


if __name__ == "__main__":
    main()
