"""Tokens signed with the data folder's key."""

import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.auth.keys import revoke_token, revoked_tokens, signing_key
from shared.auth.tokens import CACHED_FOR, LocalKeys, TokenVerifier, issue_token
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock[float]:
    return ManualClock(1_000.0)


@pytest.fixture
def verifier(tmp_path: Path, clock: ManualClock[float]) -> TokenVerifier:
    return TokenVerifier(LocalKeys(tmp_path), clock)


def issued(data: Path, *, schools: list[str] | None = None, changes: dict[str, Any] | None = None) -> str:
    token = issue_token(
        signing_key(data),
        subject="office",
        scopes=["star:read", "marks:write"],
        schools=["0999", "189"] if schools is None else schools,
        now=datetime.now(UTC),
        valid_for=timedelta(days=1),
    )
    return jwt.encode(claims_of(token) | changes, signing_key(data), algorithm="EdDSA") if changes else token


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def refused(verifier: TokenVerifier, authorization: str | None) -> ProblemError:
    with pytest.raises(ProblemError) as problem:
        await verifier.principal(authorization)
    assert problem.value.status == 401
    assert problem.value.headers == {"WWW-Authenticate": "Bearer"}
    return problem.value


async def test_an_issued_token_names_its_caller(verifier: TokenVerifier, tmp_path: Path) -> None:
    principal = await verifier.principal(f"Bearer {issued(tmp_path)}")

    assert principal.subject == "office"
    assert principal.scopes == {"star:read", "marks:write"}
    assert principal.schools == {"0999", "0189"}
    assert principal.may_see("0189")
    assert not principal.may_see("0001")
    principal.require_school(SchoolNumber("0999"))
    principal.require_scope("marks:write")
    with pytest.raises(ProblemError) as elsewhere:
        principal.require_school(SchoolNumber("0001"))
    with pytest.raises(ProblemError) as more:
        principal.require_scope("ops")
    assert [(problem.value.status, problem.value.kind) for problem in (elsewhere, more)] == [
        (403, "another-school"),
        (403, "missing-scope"),
    ]


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
async def test_the_scheme_is_read_as_http_says(verifier: TokenVerifier, tmp_path: Path, scheme: str) -> None:
    assert (await verifier.principal(scheme + issued(tmp_path))).subject == "office"


async def test_a_token_for_all_schools(verifier: TokenVerifier, tmp_path: Path) -> None:
    principal = await verifier.principal(f"Bearer {issued(tmp_path, schools=['*'])}")
    assert principal.schools is None
    assert principal.may_see("0001")


async def test_a_token_for_no_school_sees_none(verifier: TokenVerifier, tmp_path: Path) -> None:
    principal = await verifier.principal(f"Bearer {issued(tmp_path, schools=[])}")
    assert principal.schools == frozenset()


@pytest.mark.parametrize("schools", [["*", "0999"], ["12345"], ["abc"], [""]])
def test_a_token_for_what_is_no_school_is_not_issued(tmp_path: Path, schools: list[str]) -> None:
    with pytest.raises(ValueError, match="school number"):
        issued(tmp_path, schools=schools)


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic b2ZmaWNlOnB3", "Bearer a.b.c", "Bearer \u0101.b", "Bearer " + "x" * 10_000]
)
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, authorization: str | None) -> None:
    await refused(verifier, authorization)


@pytest.mark.parametrize(
    "change",
    [
        {"exp": int(time.time()) - 31},
        {"iat": int(time.time()) + 86_400},
        {"aud": "other"},
        {"iss": "other"},
        {"sub": 5},
        {"schools": None},
        {"schools": ["*", "0999"]},
        {"schools": [["0999"]]},
        {"scope": 5},
        {"scope": [["ops"]]},
        {"jti": ["x"]},
    ],
)
async def test_other_claims_are_refused(verifier: TokenVerifier, tmp_path: Path, change: dict[str, Any]) -> None:
    await refused(verifier, f"Bearer {issued(tmp_path, changes=change)}")


@pytest.mark.parametrize("missing", ["exp", "iat", "sub", "aud", "iss", "jti"])
async def test_a_token_without_a_claim_is_refused(verifier: TokenVerifier, tmp_path: Path, missing: str) -> None:
    claims = claims_of(issued(tmp_path))
    del claims[missing]
    await refused(verifier, f"Bearer {jwt.encode(claims, signing_key(tmp_path), algorithm='EdDSA')}")


async def test_a_token_without_schools_or_scopes_holds_for_nothing(verifier: TokenVerifier, tmp_path: Path) -> None:
    claims = claims_of(issued(tmp_path))
    del claims["schools"], claims["scope"]
    principal = await verifier.principal(f"Bearer {jwt.encode(claims, signing_key(tmp_path), algorithm='EdDSA')}")
    assert (principal.scopes, principal.schools) == (frozenset(), frozenset())


async def test_another_key_is_refused(verifier: TokenVerifier, tmp_path: Path) -> None:
    await refused(verifier, f"Bearer {jwt.encode(claims_of(issued(tmp_path)), Ed25519PrivateKey.generate(), algorithm='EdDSA')}")


async def test_an_unsigned_token_is_refused(verifier: TokenVerifier, tmp_path: Path) -> None:
    await refused(verifier, f"Bearer {jwt.encode(claims_of(issued(tmp_path)), '', algorithm='none')}")


async def test_the_public_key_is_no_shared_secret(verifier: TokenVerifier, tmp_path: Path) -> None:
    public = signing_key(tmp_path).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    await refused(verifier, f"Bearer {jwt.encode(claims_of(issued(tmp_path)), public.ljust(32), algorithm='HS256')}")


async def test_changed_claims_are_refused(verifier: TokenVerifier, tmp_path: Path) -> None:
    header, _, signature = issued(tmp_path).split(".")
    claims = base64.urlsafe_b64encode(json.dumps(claims_of(issued(tmp_path)) | {"schools": "*"}).encode()).decode().rstrip("=")
    await refused(verifier, f"Bearer {header}.{claims}.{signature}")


async def test_a_revoked_token_is_refused_within_seconds(verifier: TokenVerifier, tmp_path: Path, clock: ManualClock[float]) -> None:
    token, other = issued(tmp_path), issued(tmp_path)
    await verifier.principal(f"Bearer {token}")
    revoke_token(tmp_path, claims_of(token)["jti"])

    # Believed without another look for these seconds, and no longer.
    assert (await verifier.principal(f"Bearer {token}")).subject == "office"
    clock.now += CACHED_FOR
    await refused(verifier, f"Bearer {token}")
    assert (await verifier.principal(f"Bearer {other}")).subject == "office"


async def test_clocks_may_differ_by_seconds(verifier: TokenVerifier, tmp_path: Path) -> None:
    assert (await verifier.principal(f"Bearer {issued(tmp_path, changes={'exp': int(time.time()) - 15})}")).subject == "office"
    assert (await verifier.principal(f"Bearer {issued(tmp_path, changes={'iat': int(time.time()) + 15})}")).subject == "office"


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []

    def read() -> None:
        keys.append(signing_key(tmp_path / "data").private_bytes_raw())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(keys)) == 1
    assert len(keys) == 8
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["signing-key.pem"]
    assert (tmp_path / "data" / "signing-key.pem").stat().st_mode & 0o077 == 0


def test_revocations_at_once_are_all_kept(tmp_path: Path) -> None:
    threads = [threading.Thread(target=revoke_token, args=(tmp_path, f"token-{number}")) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revoked_tokens(tmp_path) == {f"token-{number}" for number in range(20)}
