"""Settings of the way to the brokers: a half of them is refused before anything connects."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.cli.faults import explained
from shared.bus.factory import kafka_access
from shared.settings import Settings

SASL = {"kafka_security": "sasl_tls", "kafka_user": "star"}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"kafka_security": "sasl_tls"}, "STAR_KAFKA_SECURITY=sasl_tls needs STAR_KAFKA_USER"),
        (SASL, "needs one of STAR_KAFKA_PASSWORD and STAR_KAFKA_PASSWORD_FILE"),
        ({**SASL, "kafka_password": "secret-word", "kafka_password_file": __file__}, "needs one of STAR_KAFKA_PASSWORD and"),
        ({"kafka_security": "tls", "kafka_key": __file__}, "STAR_KAFKA_KEY needs STAR_KAFKA_CERTIFICATE"),
        ({"kafka_security": "tls", "kafka_ca": "/nowhere/ca.pem"}, "STAR_KAFKA_CA: Path does not point to a file"),
        ({"kafka_security": "ssl"}, "STAR_KAFKA_SECURITY: Input should be 'plaintext', 'tls', 'sasl_tls' or 'sasl_plaintext'"),
    ],
)
def test_half_of_the_settings_is_refused_in_one_line(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**settings)
    line = explained(refused.value) or ""
    assert text in line
    assert "secret-word" not in line


def test_the_password_is_read_from_its_file_each_time_and_shown_to_nobody(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first\n")
    access = kafka_access(Settings(**SASL, kafka_password_file=file))
    assert access.options()["sasl_plain_password"] == "first"
    file.write_text("second")
    assert access.options()["sasl_plain_password"] == "second"
    settings = Settings(**SASL, kafka_password="secret-word")
    assert kafka_access(settings).options()["sasl_plain_password"] == "secret-word"
    assert "secret-word" not in repr(settings) + repr(kafka_access(settings))


def test_without_security_nothing_else_is_said() -> None:
    assert kafka_access(Settings(kafka_bootstrap="kafka:9092")).options() == {
        "bootstrap_servers": "kafka:9092",
        "security_protocol": "PLAINTEXT",
    }


async def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("no certificate")
    refusal = await kafka_access(Settings(kafka_security="tls", kafka_ca=ca, kafka_bootstrap="127.0.0.1:1")).refusal()
    assert refusal is not None
    assert refusal.startswith("a file of STAR_KAFKA_CA, ")
