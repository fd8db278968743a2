"""The sandbox's Functions host as a child process, as somebody at a terminal starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class HostProcess:
    """A running host: its base URL, what it prints after that, and the file that holds its standard error."""

    base_url: str
    output: IO[str]
    errors: Path


def host_command(app_folder: Path) -> list[str]:
    """Give the command that serves an app folder on a free port."""
    return [sys.executable, "-m", "sandbox.functions_host", "--port", "0", "--app", str(app_folder)]


@contextmanager
def running_host(app_folder: Path, errors: Path) -> Iterator[HostProcess]:
    """Serve an app folder until the block ends."""
    with (
        errors.open("w") as standard_error,
        subprocess.Popen(
            host_command(app_folder), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=standard_error, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            base_url = process.stdout.readline().strip()
            assert base_url, errors.read_text()
            yield HostProcess(base_url, process.stdout, errors)
        finally:
            process.terminate()
