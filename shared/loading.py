"""Loads the gateway while the garbage collector rests, and keeps it from looking at what has been loaded ever after.

A fifth of a cold start would go into looking for garbage among a thousand modules, where there is none.
"""

import gc

gc.disable()
try:
    from shared.bootstrap import gateway
finally:
    gc.freeze()
    gc.enable()

__all__ = ["gateway"]
