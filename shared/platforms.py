"""Which platform a configuration and an assignment filter are for, as far as their types tell. Pure."""

import re

_FAMILIES = ("windows", "ios", "macos", "android", "aosp")

# Types of configuration that are for Windows and do not begin with its name (Graph's v1.0 and beta metadata).
_WINDOWS = ("sharedPC", "editionUpgrade")
# Filters for managed apps have a platform of their own, and are not for configurations.
_FILTERS = {
    "androidForWork": "android",
    "androidWorkProfile": "android",
    "android": "android",
    "androidAOSP": "aosp",
    "iOS": "ios",
    "macOS": "macos",
    "windows10AndLater": "windows",
    "windows81AndLater": "windows",
}
_TYPE = re.compile(r"#?microsoft\.graph\.(\w+)")


def configuration_platform(odata_type: object) -> str | None:
    """Read the platform out of a configuration's `@odata.type`; None where it does not tell."""
    named = _TYPE.fullmatch(str(odata_type))
    if named is None:
        return None
    if named[1].startswith(_WINDOWS):
        return "windows"
    return next((family for family in _FAMILIES if named[1].lower().startswith(family)), None)


def filter_platform(platform: object) -> str | None:
    """Read the platform of an assignment filter (Graph's `devicePlatformType`); None where it is none of ours."""
    return _FILTERS.get(str(platform))


def differ(one: str | None, other: str | None) -> bool:
    """Tell whether both are known and not the same."""
    return one is not None and other is not None and one != other
