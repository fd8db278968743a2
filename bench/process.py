"""What a child process tells about itself: CPU time, peak of memory, modules. Linux only."""

import re
import sys
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_kib() -> int:
    """Give the peak resident set of this process in KiB; `getrusage` would start with the parent's."""
    [peak] = _PEAK.findall(Path("/proc/self/status").read_text("ascii"))
    return int(peak)


def modules(package: str) -> int:
    """Count the loaded modules below a package."""
    return sum(name.startswith(f"{package}.") for name in sys.modules)
