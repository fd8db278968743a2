"""`python -m sandbox`: the whole sandbox in one terminal until Ctrl+C; `--func` takes Azure's own Functions host."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from sandbox.audit_lines import readable
from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import (
    ROOT,
    ProgramEndedError,
    sample_settings,
    sandbox_settings,
    start_graph,
    start_host,
    start_identity,
    stores,
)
from sandbox.serving import LOOPBACK
from sandbox.tenant import PILOT, WIFI_HQ

# Of Azure's own host these ask for an Azure Storage account, which is not here; the ledger is a file.
NEED_STORAGE = ("process_operation", "sweep_operations", "clean_operations")
OTHER_PORTS = "make run ARGS='--port 8071 --graph-port 8072 --identity-port 8073'"
WELCOME = """
Microsoft Graph, emulated     {graph}
Identity endpoint, emulated   {identity}
The gateway                   {host}/api/assignments (and /api/health)
The same in a browser         {host}/api/docs (the key is {key})

Paste this into another terminal (Ctrl+C here ends everything):

curl -i {host}/api/assignments \\
    -H 'x-functions-key: {key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"configurationId": "{configuration}",
         "groupId": "{group}", "ticket": "INC0012345"}}'
"""


def main() -> int:
    """Run the sandbox until it is told to end; gives the exit code."""
    options = _options()
    if options.func and not shutil.which("func"):
        _say("There is no func on the PATH: install Azure Functions Core Tools 4, or use `make run`.")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts this in the background ignores it
    with ExitStack() as programs:
        graph = programs.enter_context(start_graph(options.graph_port, _say))
        identity = programs.enter_context(start_identity(options.identity_port, _say))
        # The emulators begin anew with each run, and so has to do what is remembered of them.
        folder = Path(programs.enter_context(TemporaryDirectory()))
        environment = {**sample_settings(), **stores(folder), **os.environ, **sandbox_settings(graph, identity)}
        if options.func:
            _say(_welcome(graph.url, identity.url, f"http://{LOOPBACK}:{options.port}"))
            _say(f"Left out, since they need Azure Storage: {', '.join(NEED_STORAGE)}.")
            environment |= {f"AzureWebJobs.{name}.Disabled": "true" for name in NEED_STORAGE}
            command = ["func", "start", "--port", str(options.port)]
            return subprocess.call(command, cwd=ROOT, env=environment)  # noqa: S603 - a fixed command
        host = programs.enter_context(start_host(options.port, environment, lambda line: _say(readable(line))))
        _say(_welcome(graph.url, identity.url, host.url))
        _warn_of_wrong_settings(f"{host.url}/api/health")
        return host.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="of the gateway (default: %(default)s; 0: a free one)")
    parser.add_argument("--graph-port", type=int, default=7072, help="of Microsoft Graph")
    parser.add_argument("--identity-port", type=int, default=7073, help="of the identity endpoint")
    parser.add_argument("--func", action="store_true", help="run the gateway in Azure Functions Core Tools (`func`)")
    return parser.parse_args()


def _welcome(graph_url: str, identity_url: str, host_url: str) -> str:
    return WELCOME.format(
        graph=graph_url, identity=identity_url, host=host_url, key=FUNCTION_KEY, configuration=WIFI_HQ, group=PILOT
    )


def _warn_of_wrong_settings(health_url: str) -> None:
    for error in httpx.get(health_url).json().get("errors", []):
        _say(f"The gateway refuses everything: {error['field']} {error['message']}")


def _say(line: str) -> None:
    line = line.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding)
    sys.stdout.write(f"{line}\n")  # in one piece: the programs' lines come from threads
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProgramEndedError:
        sys.exit("Something else may listen there. To take other ports: " + OTHER_PORTS)
    except KeyboardInterrupt:
        sys.exit(130)
