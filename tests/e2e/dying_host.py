"""The sandbox's host, killed right before the gateway in it uses its store for the n-th time.

Run it with `python -m tests.e2e.dying_host N`. Nothing of the gateway is changed for it: Python itself tells of every
connection to SQLite (`sqlite3.connect` among its audit events), and the gateway opens one for each use, in a thread.
A file that is only being made has another name by then, and is no use.
"""

import itertools
import os
import signal
import sys
import threading

from sandbox.functions_host import main


def die_before_use(number: int) -> None:
    """Have the process killed."""
    uses = itertools.count(1)

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event != "sqlite3.connect" or not str(arguments[0]).endswith(".sqlite"):
            return
        by_the_gateway = threading.current_thread() is not threading.main_thread()
        if by_the_gateway and next(uses) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)


if __name__ == "__main__":
    die_before_use(int(sys.argv[1]))
    main(["--port", "0"])
