"""`python -m package.proof`: the end-to-end tests, with the unpacked package in place of this checkout's gateway.

The gateway's processes can import Python's own library, the package, and of what is installed here only what the
sandbox's Functions host needs for itself. Arguments go to pytest.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from package.app import ROOT
from package.dependencies import SITE

ZIP = ROOT / "dist" / "gateway.zip"
HOST_NEEDS = ("click", "starlette", "uvicorn")


def main() -> int:
    """Unpack the package and run the tests; gives pytest's exit code."""
    if not ZIP.exists():
        sys.exit("There is no package yet: make package")
    with TemporaryDirectory() as folder:
        app, host = Path(folder) / "app", Path(folder) / "host"
        with ZipFile(ZIP) as archive:
            archive.extractall(app)
        _link_what_the_host_needs(host)
        path = os.pathsep.join([str(app / SITE), str(host)])
        environment = {**os.environ, "GATEWAY_APP": str(app), "GATEWAY_PACKAGES": path}
        command = [sys.executable, "-m", "pytest", "tests/e2e", *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - our own tests


def _link_what_the_host_needs(host: Path) -> None:
    host.mkdir()
    for name in HOST_NEEDS:
        found = find_spec(name)
        if found is None or found.origin is None:
            sys.exit(f"{name} is not installed here.")
        (host / name).symlink_to(Path(found.origin).parent)


if __name__ == "__main__":
    sys.exit(main())
