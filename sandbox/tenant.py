"""The emulated tenant: a fixed seed with readable GUIDs, and the little that requests can change.

Configurations have ids that begin with `c`, groups with `9`, filters with `f`; tests and documents quote the constants.
"""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.approvals import Approvals
from sandbox.budget import Spending

Entity = dict[str, object]
DuplicateAnswer = Literal["409", "400", "201"]

# facts.md §1: the virtual groups that stand for everybody and everything in an assignment's id.
ALL_USERS = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
ALL_DEVICES = "adadadad-808e-44e2-905a-0b7873a8a531"

WIFI_HQ = "c0000000-0000-4000-8000-000000000001"
RESTRICTIONS = "c0000000-0000-4000-8000-000000000002"
IOS_BASELINE = "c0000000-0000-4000-8000-000000000003"
ANDROID_WORK_PROFILE = "c0000000-0000-4000-8000-000000000004"
KIOSK = "c0000000-0000-4000-8000-000000000005"
DEVICES_SOUTH = "c0000000-0000-4000-8000-000000000006"
PILOT_WIFI = "c0000000-0000-4000-8000-000000000007"
BROWSER_WINDOWS = "c0000000-0000-4000-8000-000000000008"
BROWSER_MAC = "c0000000-0000-4000-8000-000000000009"

PILOT = "90000000-0000-4000-8000-000000000001"
SALES = "90000000-0000-4000-8000-000000000002"
GROUP_SOUTH = "90000000-0000-4000-8000-000000000003"
TWIN_ONE = "90000000-0000-4000-8000-000000000004"
TWIN_TWO = "90000000-0000-4000-8000-000000000005"
EMPLOYEES = "90000000-0000-4000-8000-000000000006"
FALCON_TEAM = "90000000-0000-4000-8000-000000000007"
NEWSLETTER = "90000000-0000-4000-8000-000000000008"

CORPORATE_WINDOWS = "f0000000-0000-4000-8000-000000000001"
BOBS_DEVICES = "f0000000-0000-4000-8000-000000000002"
RECENT_IOS = "f0000000-0000-4000-8000-000000000003"
NO_FILTER = "00000000-0000-0000-0000-000000000000"

# The documentation's example: its assignment id is answered for this configuration with either of these objects, the
# first being the documentation's own placeholder, the second a GUID for those who insist on one.
DOCUMENTED_CONFIGURATION = WIFI_HQ
DOCUMENTED_OBJECT = "Entra Object Id value"
DOCUMENTED_OBJECT_ID = "e0000000-0000-4000-8000-000000000001"
DOCUMENTED_ASSIGNMENT = "d59b6342-6342-d59b-4263-9bd542639bd5"


@dataclass(frozen=True)
class Assignment:
    """One stored assignment; `target` is as it was sent, beta's filter properties included where there were any."""

    id: str
    target: Entity
    intent: str = "apply"


def configuration(identifier: str, kind: str, name: str, description: str = "") -> Entity:
    """Fill v1.0's deviceConfiguration; the properties of the derived type are left out."""
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": identifier,
        "lastModifiedDateTime": "2025-03-03T09:30:00Z",
        "createdDateTime": "2025-01-15T08:00:00Z",
        "description": description,
        "displayName": name,
        "version": 1,
    }


def group(identifier: str, name: str, rule: str | None = None, *, kind: str = "", mail: bool = False) -> Entity:
    """Make a security group, or one with a mailbox, which is none; with a membership rule it is dynamic."""
    return {
        "id": identifier,
        "description": None,
        "displayName": name,
        "groupTypes": [kind] if kind else ["DynamicMembership"] if rule else [],
        "mailEnabled": mail,
        "mailNickname": f"group-{identifier[-2:]}",
        "membershipRule": rule,
        "securityEnabled": not mail,
    }


def assignment_filter(identifier: str, name: str, platform: str, rule: str) -> Entity:
    """Beta's deviceAndAppManagementAssignmentFilter."""
    return {
        "id": identifier,
        "displayName": name,
        "description": "",
        "platform": platform,
        "rule": rule,
        "roleScopeTags": ["0"],
        "assignmentFilterManagementType": "devices",
    }


CONFIGURATIONS = (
    configuration(
        WIFI_HQ, "windows10CustomConfiguration", "Win11 \N{EN DASH} Wi-Fi \N{EN DASH} HQ", "WPA3 at headquarters"
    ),
    configuration(RESTRICTIONS, "windows10GeneralConfiguration", "Win11 \N{EN DASH} Device restrictions"),
    configuration(IOS_BASELINE, "iosGeneralDeviceConfiguration", "iOS \N{EN DASH} Baseline"),
    configuration(
        ANDROID_WORK_PROFILE, "androidWorkProfileGeneralDeviceConfiguration", "Android \N{EN DASH} Work profile"
    ),
    configuration(KIOSK, "sharedPCConfiguration", 'Bob\'s "kiosk"'),
    configuration(DEVICES_SOUTH, "macOSGeneralDeviceConfiguration", "Geräte \N{EN DASH} Süd"),
    configuration(PILOT_WIFI, "iosCustomConfiguration", "[Pilot] Wi-Fi (HQ)"),
    configuration(BROWSER_WINDOWS, "windows10CustomConfiguration", "Browser policy", "for Windows"),
    configuration(BROWSER_MAC, "macOSCustomConfiguration", "Browser policy", "for macOS"),
)

GROUPS = (
    group(PILOT, "SG-Pilot"),
    group(SALES, 'SG-Sales "O\'Brien"'),
    group(GROUP_SOUTH, "Geräte Süd", '(device.deviceOwnership -eq "Company")'),
    group(TWIN_ONE, "SG-Twin"),
    group(TWIN_TWO, "SG-Twin"),
    group(EMPLOYEES, "SG-Employees", '(user.userType -eq "Member")'),
    group(FALCON_TEAM, "Project Falcon", kind="Unified", mail=True),
    group(NEWSLETTER, "Newsletter", mail=True),
)

MEMBER_COUNTS = {
    PILOT: 12,
    SALES: 85,
    GROUP_SOUTH: 240,
    TWIN_ONE: 3,
    TWIN_TWO: 0,
    EMPLOYEES: 4200,
    FALCON_TEAM: 7,
    NEWSLETTER: 900,
}

FILTERS = (
    assignment_filter(
        CORPORATE_WINDOWS, "Corporate Windows", "windows10AndLater", '(device.deviceOwnership -eq "Corporate")'
    ),
    assignment_filter(BOBS_DEVICES, "Bob's devices", "windows10AndLater", '(device.deviceName -startsWith "BOB-")'),
    assignment_filter(RECENT_IOS, "iOS 17 and later", "iOS", '(device.osVersion -startsWith "17.")'),
)


def _target(kind: str, **properties: object) -> Entity:
    return {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget", **properties}


def _filtered(identifier: str, mode: str) -> Entity:
    return {
        "deviceAndAppManagementAssignmentFilterId": identifier,
        "deviceAndAppManagementAssignmentFilterType": mode,
    }


def _seeded_assignments() -> dict[str, dict[str, Assignment]]:
    """By configuration and assignment id. "No filter" is spelled both ways in which beta spells it (facts.md §1)."""
    targets = (
        (RESTRICTIONS, PILOT, _target("group", groupId=PILOT, **_filtered(NO_FILTER, "none"))),
        (RESTRICTIONS, SALES, _target("exclusionGroup", groupId=SALES)),
        (IOS_BASELINE, ALL_DEVICES, _target("allDevices")),
        (
            ANDROID_WORK_PROFILE,
            GROUP_SOUTH,
            _target("group", groupId=GROUP_SOUTH, **_filtered(CORPORATE_WINDOWS, "include")),
        ),
    )
    assignments: dict[str, dict[str, Assignment]] = {str(one["id"]): {} for one in CONFIGURATIONS}
    for configuration, slot, target in targets:
        identifier = f"{configuration}_{slot}"
        assignments[configuration][identifier] = Assignment(identifier, target)
    return assignments


def _by_id(entities: tuple[Entity, ...]) -> dict[str, Entity]:
    return {str(one["id"]): one for one in entities}


@dataclass
class Tenant:
    """What is there, by id, and how Graph is to behave: the seed, and what requests and the control surface change."""

    configurations: dict[str, Entity] = field(default_factory=lambda: _by_id(CONFIGURATIONS))
    groups: dict[str, Entity] = field(default_factory=lambda: _by_id(GROUPS))
    filters: dict[str, Entity] = field(default_factory=lambda: _by_id(FILTERS))
    member_counts: dict[str, int] = field(default_factory=lambda: dict(MEMBER_COUNTS))
    assignments: dict[str, dict[str, Assignment]] = field(default_factory=_seeded_assignments)
    approvals: Approvals = field(default_factory=Approvals)
    spending: Spending = field(default_factory=Spending)
    duplicates: DuplicateAnswer = "409"
    drops_filters: bool = False
    page_size: int = 50

    def reset(self) -> None:
        """Go back to the seed."""
        vars(self).update(vars(Tenant()))
