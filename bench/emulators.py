"""The emulated Graph and identity that all sides are measured against, each a process of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from bench.creates import GROUPS, configuration_id, group_id
from sandbox.programs import sample_settings, sandbox_settings, start_graph, start_identity, unheard

NO_LIMIT = "100000"
HOST = {"WEBSITE_HOSTNAME": "127.0.0.1:7071"}


@contextmanager
def emulators(configurations: int) -> Iterator[dict[str, str]]:
    """Start both, with so many configurations to assign; give the environment of whoever is to call them."""
    with start_graph(0, unheard) as graph, start_identity(0, unheard) as identity:
        added = {
            "configurations": [
                {"id": configuration_id(number), "name": f"C {number}"} for number in range(configurations)
            ],
            "groups": [{"id": group_id(number), "name": f"G {number}"} for number in range(GROUPS)],
        }
        with httpx.Client(base_url=f"{graph.url}/_sandbox/", timeout=60) as control:
            control.post("add", json=added).raise_for_status()
            control.post("journal", json={"keep": "none"}).raise_for_status()
        lifted = {"GRAPH_WRITES_PER_20S": NO_LIMIT, "CALLER_REQUESTS_PER_MINUTE": NO_LIMIT}
        yield {**os.environ, **sample_settings(), **sandbox_settings(graph, identity), **lifted, **HOST}
