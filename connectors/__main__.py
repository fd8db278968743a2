"""`python -m connectors [FOLDER]`: holds a custom connector against the rules, and against Microsoft's schemas."""

import argparse
import json
import sys
from pathlib import Path

from connectors.folder import POWER_PLATFORM
from connectors.lint import RULES, findings
from connectors.schemas import AMENDMENTS, FILES, at_hand, differences


def main(arguments: list[str]) -> int:
    """Print each finding with its rule's name; gives 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m connectors", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=POWER_PLATFORM, metavar="FOLDER")
    folder: Path = parser.parse_args(arguments).folder
    found = list(map(str, findings(folder)))
    said = [f"{len(RULES)} rules"]
    if at_hand():
        documents = {name: json.loads((folder / name).read_text("utf-8")) for name in FILES}
        found += [f"schema: {text}" for name, each in documents.items() for text in differences(name, each)]
        said.append(f"{len(FILES)} schemas of Microsoft's, amended for {', '.join(AMENDMENTS)}")
    else:
        said.append("schemas skipped, since Microsoft's are not at hand")
    sys.stdout.write("".join(f"{line}\n" for line in [*found, f"{folder.name}: {'; '.join(said)}."]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
