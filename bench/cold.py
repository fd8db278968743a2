"""The child process of the cold measurement: `python -m bench.cold MODULE` imports one function app and creates once.

Prints one JSON object: `cpu` and the clock's time `at` the 201, both in seconds, `peak_kib`, and the `models` loaded.
"""

import sys
import time


def main() -> None:
    """Import, create, tell."""
    import asyncio  # noqa: PLC0415 - what is measured is everything that a request needs
    import importlib  # noqa: PLC0415 - as above

    app = importlib.import_module(sys.argv[1])
    from bench.creates import create_request  # noqa: PLC0415 - azure.functions is the app's to import first

    response = asyncio.run(app.create_assignment(create_request(0, 1)))
    cpu, at = time.process_time(), time.monotonic()

    import json  # noqa: PLC0415 - what follows is no part of the measurement
    from http import HTTPStatus  # noqa: PLC0415 - as above

    from bench.process import modules, peak_kib  # noqa: PLC0415 - as above

    if response.status_code != HTTPStatus.CREATED:
        sys.exit(f"{response.status_code} {response.get_body().decode()}")
    print(json.dumps({"cpu": cpu, "at": at, "peak_kib": peak_kib(), "models": modules("msgraph.generated")}))


if __name__ == "__main__":
    main()
