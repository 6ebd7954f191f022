"""Which examples properties are tried with: by `make test` always the same, by `make explore` many others."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

_EXAMPLES = {"repeatable": 50, "explore": 1000}

for _name, _number in _EXAMPLES.items():
    settings.register_profile(
        _name,
        max_examples=_number,
        derandomize=_name == "repeatable",
        deadline=None,  # how long a busy machine takes is not ours to say
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )
settings.load_profile("repeatable")


@pytest.hookimpl(trylast=True)  # once `--hypothesis-profile` is in force
def pytest_configure() -> None:
    """Keep the constants of our modules out of repeatable examples: they change with every module that is loaded."""
    if settings.get_current_profile_name() == "repeatable":
        providers._get_local_constants = Constants


def examples(share: float) -> settings:
    """Return the settings for a test with this share of the profile's examples: its own are cheap, or dear."""
    return settings(max_examples=round(_EXAMPLES[settings.get_current_profile_name()] * share))
