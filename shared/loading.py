"""Loads the gateway and little else: certificates and XML, which its libraries could work with, wait until one does.

The garbage collector rests meanwhile, and never looks at what has been loaded: a fifth of a cold start would go into
looking for garbage among a thousand modules, where there is none. What each part brings is in docs/performance.md.
"""

import gc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

NOT_YET = {"cryptography.x509", "cryptography.hazmat.primitives.serialization", "xml.etree.ElementTree"}


class _LazyFinder:
    """Finds the modules that are run when somebody first uses what is in them (importlib.util.LazyLoader)."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in NOT_YET else None
        if spec and spec.loader:
            spec.loader = LazyLoader(spec.loader)
        return spec


gc.disable()
sys.meta_path.insert(0, _LazyFinder)
try:
    from shared.bootstrap import gateway
finally:
    sys.meta_path.remove(_LazyFinder)
    gc.freeze()
    gc.enable()

__all__ = ["gateway"]
