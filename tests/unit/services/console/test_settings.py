"""The console's settings."""

import pytest
from pydantic import ValidationError

from services.console.settings import ConsoleSettings


def test_a_form_may_lead_on_to_the_issuers_host_whatever_its_path() -> None:
    settings = ConsoleSettings(oidc_issuer="https://login.example.nz/tenant/v2.0", console_client_id="star")
    assert settings.issuer_origin == "https://login.example.nz"
    assert ConsoleSettings().issuer_origin == ""


def test_cookies_are_bound_to_the_host_over_tls() -> None:
    assert ConsoleSettings(console_url="https://star.example.nz").secure
    assert not ConsoleSettings(console_url="http://127.0.0.1:8000").secure


def test_a_client_needs_an_issuer() -> None:
    with pytest.raises(ValidationError, match="needs STAR_OIDC_ISSUER"):
        ConsoleSettings(console_client_id="star")
