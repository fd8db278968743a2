"""Serving one ASGI application on a loopback port, which may be a free one that the system picks."""

import argparse
import contextlib
import socket
import sys
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


def port_argument(program: str, default_port: int, arguments: Sequence[str] | None = None) -> int:
    """Read `--port` from the command line; 0 asks the system for a free one."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--port", type=int, default=default_port, help="0 picks a free one (default: %(default)s)")
    return int(parser.parse_args(arguments).port)


def bind(port: int) -> socket.socket:
    """Listen on a loopback port, so that its number is known at once; ends the program where that cannot be."""
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, each answer costs 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        sys.exit(f"Port {port} cannot be used: {error.strerror}.")
    listener.listen()  # now: who reads the address may connect at once
    return listener


def address(listener: socket.socket) -> str:
    """Give the base URL of a bound listener, without a path."""
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def serve(application: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; the first line on standard output is the base URL."""
    sys.stdout.write(f"{address(listener)}\n")
    sys.stdout.flush()
    config = uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=120)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
