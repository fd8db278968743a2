import pytest

from shared.platforms import configuration_platform, differ, filter_platform


@pytest.mark.parametrize(
    ("odata_type", "platform"),
    [
        ("#microsoft.graph.windows10CustomConfiguration", "windows"),
        ("microsoft.graph.windows81GeneralConfiguration", "windows"),
        ("#microsoft.graph.windowsUpdateForBusinessConfiguration", "windows"),
        ("#microsoft.graph.sharedPCConfiguration", "windows"),
        ("#microsoft.graph.editionUpgradeConfiguration", "windows"),
        ("#microsoft.graph.iosGeneralDeviceConfiguration", "ios"),
        ("#microsoft.graph.macOSCustomConfiguration", "macos"),
        ("#microsoft.graph.androidWorkProfileGeneralDeviceConfiguration", "android"),
        ("#microsoft.graph.aospDeviceOwnerDeviceConfiguration", "aosp"),
        ("#microsoft.graph.appleDeviceFeaturesConfigurationBase", None),
        ("#microsoft.graph.deviceConfiguration", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_the_type_of_a_configuration_tells_its_platform_or_nothing(odata_type: object, platform: str | None) -> None:
    assert configuration_platform(odata_type) == platform


@pytest.mark.parametrize(
    ("told", "platform"),
    [
        ("windows10AndLater", "windows"),
        ("iOS", "ios"),
        ("macOS", "macos"),
        ("androidForWork", "android"),
        ("androidAOSP", "aosp"),
        ("iOSMobileApplicationManagement", None),
        ("unknown", None),
        (None, None),
    ],
)
def test_the_platform_of_a_filter_is_one_of_ours_or_nothing(told: object, platform: str | None) -> None:
    assert filter_platform(told) == platform


def test_only_what_is_known_on_both_sides_differs() -> None:
    assert differ("ios", "macos")
    assert not differ("ios", "ios")
    assert not differ(None, "ios")
    assert not differ("ios", None)
    assert not differ(None, None)
