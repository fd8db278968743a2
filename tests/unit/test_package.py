"""What the package holds, on a small package in place of the SDK, and that it comes out the same every time."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from package.app import ROOT, app_files
from package.archive import Size, write_zip
from package.dependencies import needed
from package.imports import read
from package.reachable import UnclearError, reachable
from shared import docs_page

SDK = {
    "sdk/__init__.py": "from .client import Client",
    "sdk/client.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .only_types import Hint\n"
    "class Client:\n"
    "    @property\n    def groups(self):\n        from .groups.builder import Groups\n        return Groups()\n"
    "    @property\n    def users(self):\n        from .users import Users\n        return Users()\n"
    "    def parse(self):\n        from .model import Model\n        return Model\n",
    "sdk/only_types.py": "",
    "sdk/groups/builder.py": "class Groups:\n    def __init__(self):\n        from ..model import Model\n"
    "    async def first(self):\n        def again():\n            from . import item\n        return again()\n",
    "sdk/groups/item.py": "",
    "sdk/model.py": "from sdk.base import Base",
    "sdk/base.py": "def helper():\n    return other.parse()",
    "sdk/users.py": "",
    "sdk/nobody.py": "",
    "sdk/notes.txt": "",
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def reached(site: Path, user: str, *never_called: str) -> set[str]:
    found = reachable(site, "sdk", [read(user.encode(), "")], never_called)
    return {file.relative_to(site / "sdk").as_posix() for file in found}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write(tmp_path, SDK)


def test_importing_a_module_reaches_its_parents_and_what_they_import(site: Path) -> None:
    assert reached(site, "import sdk.nobody") == {"__init__.py", "client.py", "nobody.py"}
    assert reached(site, "from sdk import nobody") == {"__init__.py", "client.py", "nobody.py"}


def test_nothing_is_reached_by_whoever_does_not_import_it(site: Path) -> None:
    assert reached(site, "import json\nsdk.groups") == set()


def test_an_import_within_a_function_counts_once_the_function_is_named(site: Path) -> None:
    assert "users.py" not in reached(site, "import sdk")
    assert "users.py" in reached(site, "import sdk\nsdk.Client().users")
    assert "users.py" in reached(site, "def call():\n    import sdk\n    return sdk.Client().users")


def test_a_name_counts_wherever_it_is_read_and_whenever(site: Path) -> None:
    both = [read(b"import sdk", ""), read(b"anything.users", "")]
    assert site / "sdk/users.py" in reachable(site, "sdk", both, ())
    assert site / "sdk/users.py" in reachable(site, "sdk", reversed(both), ())


def test_what_runs_by_itself_needs_no_name_and_a_function_in_a_function_goes_with_the_outer_one(site: Path) -> None:
    assert {"groups/builder.py", "model.py", "base.py"} <= reached(site, "import sdk\nsdk.Client().groups")
    assert "groups/item.py" not in reached(site, "import sdk\nsdk.Client().groups")
    assert "groups/item.py" in reached(site, "import sdk\nsdk.Client().groups.first()")


def test_a_function_that_is_never_called_reaches_nothing_even_where_it_is_named(site: Path) -> None:
    assert "model.py" in reached(site, "import sdk\nsdk.Client().parse()")
    assert "model.py" not in reached(site, "import sdk\nsdk.Client().parse()", "parse")


def test_imports_for_type_checkers_alone_do_not_count(site: Path) -> None:
    assert "only_types.py" not in reached(site, "import sdk")
    assert "only_types.py" in reached(site, "import sdk\nif not TYPE_CHECKING:\n    import sdk.only_types")


@pytest.mark.parametrize("source", ["getattr(client, name)", "import_module(name)", "exec(text)"])
def test_a_module_that_can_reach_what_its_source_does_not_name_stops_the_build(site: Path, source: str) -> None:
    write(site, {"sdk/nobody.py": source})
    with pytest.raises(UnclearError, match=r"sdk/nobody\.py uses"):
        reached(site, "import sdk.nobody")


INSTALLED = {
    "msgraph/__init__.py": "",
    "msgraph/unused.py": "",
    "msgraph/export.txt": "",
    "msgraph_sdk-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: msgraph-sdk\nVersion: 1\n",
    "msgraph_sdk-1.dist-info/RECORD": "msgraph/__init__.py,,\nmsgraph/unused.py,,\nmsgraph/export.txt,,\n"
    "msgraph_sdk-1.dist-info/METADATA,,\nmsgraph_sdk-1.dist-info/RECORD,,\nmsgraph_sdk-1.dist-info/licenses/LICENSE,,\n",
    "msgraph_sdk-1.dist-info/licenses/LICENSE": "",
    "other/__init__.py": "",
    "other/unused.py": "",
    "other/types.pyi": "",
    "other/aio/__init__.py": "",
    "azure/data/tables/_generated/aio/__init__.py": "",
    "bin/other": "",
    "other-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 1\n",
    "other-1.dist-info/RECORD": "other/__init__.py,,\nother/unused.py,,\nother/types.pyi,,\nbin/other,,\n"
    "other/aio/__init__.py,,\nazure/data/tables/_generated/aio/__init__.py,,\nother-1.dist-info/METADATA,,\nother-1.dist-info/RECORD,,\n",
    "aiohttp/__init__.py": "",
    "aiohttp-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: aiohttp\nVersion: 1\n",
    "aiohttp-1.dist-info/RECORD": "aiohttp/__init__.py,,\naiohttp-1.dist-info/METADATA,,\n",
    "cffi/__init__.py": "",
    "_cffi_backend.so": "",
    "cffi-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: cffi\nVersion: 1\n",
    "cffi-1.dist-info/RECORD": "cffi/__init__.py,,\n_cffi_backend.so,,\ncffi-1.dist-info/METADATA,,\n",
    "h2/__init__.py": "",
    "h2-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: h2\nVersion: 1\n",
    "h2-1.dist-info/RECORD": "h2/__init__.py,,\nh2-1.dist-info/METADATA,,\n",
    "msrest/__init__.py": "",
    "msrest-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: msrest\nVersion: 1\n",
    "msrest-1.dist-info/RECORD": "msrest/__init__.py,,\nmsrest-1.dist-info/METADATA,,\n",
}


def shipped(site: Path, source: str) -> set[str]:
    app = write(site.parent / "app", {"function_app.py": source}) / "function_app.py"
    return {file.relative_to(site).as_posix() for file in needed(site, [app])}


def test_the_sdk_is_shipped_as_far_as_it_is_reached_and_the_other_libraries_whole(tmp_path: Path) -> None:
    site = write(tmp_path / "site", INSTALLED)
    assert shipped(site, "import msgraph") == {
        "msgraph/__init__.py",
        "msgraph_sdk-1.dist-info/METADATA",
        "msgraph_sdk-1.dist-info/licenses/LICENSE",
        "other/__init__.py",
        "other/unused.py",
        "azure/data/tables/_generated/aio/__init__.py",
        "other-1.dist-info/METADATA",
        "_cffi_backend.so",
        "cffi-1.dist-info/METADATA",
    }


def test_the_asynchronous_http_client_is_shipped_as_soon_as_the_app_has_an_asynchronous_azure_client(
    tmp_path: Path,
) -> None:
    site = write(tmp_path / "site", INSTALLED)
    source = "def credential():\n    from azure.identity.aio import ManagedIdentityCredential"
    whole = {"aiohttp/__init__.py", "aiohttp-1.dist-info/METADATA", "other/aio/__init__.py"}
    assert whole <= shipped(site, source)


def test_of_the_repository_the_app_is_shipped_and_nothing_else() -> None:
    shipped = [file.relative_to(ROOT) for file in app_files(ROOT)]
    assert {file.parts[0] for file in shipped} == {"function_app.py", "host.json", "requirements.txt", "shared"}
    beside_code = {file.name for file in shipped if file.parts[0] == "shared" and file.suffix != ".py"}
    assert beside_code == {docs_page.PAGE, *docs_page.ASSETS}


def test_the_same_files_make_the_same_zip_whenever_and_wherever_they_are_packed(tmp_path: Path) -> None:
    zips = []
    for number, place in enumerate(("here", "elsewhere")):
        folder = write(tmp_path / place, {"b.py": "X = {'a', 'b', 'c'}\n", "a/c.py": "import json\n", "d.txt": "d"})
        os.utime(folder / "b.py", (number, number))
        (folder / "d.txt").chmod(0o600 + number)
        code = f"from pathlib import Path; from package.archive import compile_all; compile_all(Path({str(folder)!r}))"
        environment = {**os.environ, "PYTHONHASHSEED": str(number)}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
        size = write_zip(folder, tmp_path / f"{place}.zip")
        zips.append((tmp_path / f"{place}.zip").read_bytes())
        assert (size.zipped, size.files) == (len(zips[-1]), 5)
    assert zips[0] == zips[1]
    assert b"elsewhere" not in zips[1]


def test_a_package_names_its_sizes(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"one": "1" * 1000, "two": "2"})
    size = write_zip(folder, tmp_path / "zip")
    assert size == Size((tmp_path / "zip").stat().st_size, 2, 1001)
    assert size.zipped < 1000
