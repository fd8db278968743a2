"""Serving one ASGI application on a loopback port, which may be a free one that the system picks."""

import argparse
import contextlib
import socket
import sys
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 120


def run(application: ASGIApp, program: str, default_port: int) -> None:
    """Serve an emulator as the command line says: `--port`, and `--idle-seconds` for its connections."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--port", type=int, default=default_port, help="0 picks a free one (default: %(default)s)")
    idle_help = "after these an unused connection is closed (default: %(default)s)"
    parser.add_argument("--idle-seconds", type=int, default=IDLE_SECONDS, help=idle_help)
    options = parser.parse_args()
    serve(application, bind(options.port), options.idle_seconds)


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


def serve(
    application: ASGIApp,
    listener: socket.socket,
    idle_seconds: int = IDLE_SECONDS,
    *,
    lifespan: Literal["on", "off"] = "off",
) -> None:
    """Serve until SIGTERM or SIGINT; the first line on standard output is the base URL."""
    sys.stdout.write(f"{address(listener)}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        application, log_level="warning", access_log=False, lifespan=lifespan, timeout_keep_alive=idle_seconds
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
