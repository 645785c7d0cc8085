"""Tokens of an OIDC issuer: found through its documents, on through its rotations and its outages."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from shared.auth.tokens import JWKS_FOR, JWKS_RETRY, OidcKeys, TokenVerifier
from shared.web.problems import ProblemError
from tests.support.clock import ManualClock
from tests.unit.shared.auth.issuer import Issuer, new_key, running_issuer

FETCH = ["/.well-known/openid-configuration", "/keys"]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def clock() -> ManualClock[float]:
    return ManualClock(1_000.0)


@pytest.fixture
async def verifier(issuer: Issuer, clock: ManualClock[float]) -> AsyncIterator[TokenVerifier]:
    async with httpx.AsyncClient() as client:
        yield TokenVerifier(OidcKeys(issuer.url + "/", "star", client, clock), clock)


@pytest.fixture
def claims(issuer: Issuer) -> dict[str, Any]:
    now = int(time.time())
    # As an issuer writes its own URL, and ours is told it, a slash at the end included.
    return {
        "iss": issuer.url + "/",
        "aud": "star",
        "sub": "office",
        "iat": now,
        "exp": now + 600,
        "scope": "star:read",
        "schools": ["0999"],
    }


async def status(verifier: TokenVerifier, token: str) -> int:
    with pytest.raises(ProblemError) as problem:
        await verifier.principal(f"Bearer {token}")
    return problem.value.status


async def test_a_token_of_the_issuer_names_its_caller(verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any]) -> None:
    principal = await verifier.principal(f"Bearer {issuer.token(claims)}")
    assert (principal.subject, principal.scopes, principal.schools) == ("office", {"star:read"}, {"0999"})


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "other"},
        {"exp": int(time.time()) - 60},
        {"nbf": int(time.time()) + 86_400},
        {"schools": ["all"]},
    ],
)
async def test_other_claims_are_refused(verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], change: dict[str, Any]) -> None:
    assert await status(verifier, issuer.token(claims | change)) == 401


async def test_another_key_of_the_same_name_is_refused(verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert await status(verifier, issuer.token(claims, key=new_key())) == 401


async def test_keys_are_fetched_once_for_many(verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any]) -> None:
    tokens = [issuer.token(claims | {"sub": f"office-{number}"}) for number in range(20)]
    await asyncio.gather(*(verifier.principal(f"Bearer {token}") for token in tokens))
    assert issuer.asked == FETCH


async def test_a_new_key_is_found(verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], clock: ManualClock[float]) -> None:
    await verifier.principal(f"Bearer {issuer.token(claims)}")
    issuer.keys["second"] = new_key()
    clock.now += JWKS_RETRY

    assert (await verifier.principal(f"Bearer {issuer.token(claims, 'second')}")).subject == "office"
    assert issuer.asked == FETCH * 2


async def test_made_up_keys_make_nobody_ask_again_and_again(
    verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], clock: ManualClock[float]
) -> None:
    for number in range(5):
        assert await status(verifier, issuer.token(claims, f"made-up-{number}", new_key())) == 401
    assert issuer.asked == FETCH


async def test_a_key_that_was_withdrawn_holds_no_longer(
    verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], clock: ManualClock[float]
) -> None:
    token = issuer.token(claims)
    await verifier.principal(f"Bearer {token}")
    issuer.keys = {"second": new_key()}
    clock.now += JWKS_FOR

    assert await status(verifier, token) == 401


@pytest.mark.parametrize(
    "broken", [(500, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"jwks_uri": 5}'), (200, b'{"jwks_uri": "http://["}')]
)
async def test_an_issuer_that_is_away_is_no_fault_of_the_caller(
    verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], clock: ManualClock[float], broken: tuple[int, bytes]
) -> None:
    issuer.broken = broken
    token = issuer.token(claims)
    assert await status(verifier, token) == 503
    asked = len(issuer.asked)
    assert await status(verifier, token) == 503
    assert len(issuer.asked) == asked

    issuer.broken = None
    clock.now += JWKS_RETRY
    assert (await verifier.principal(f"Bearer {token}")).subject == "office"


async def test_known_keys_hold_while_the_issuer_is_away(
    verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], clock: ManualClock[float]
) -> None:
    token = issuer.token(claims)
    await verifier.principal(f"Bearer {token}")
    issuer.broken = (503, b"")
    clock.now += JWKS_FOR

    assert (await verifier.principal(f"Bearer {token}")).subject == "office"


async def test_nobody_listening_is_reported(clock: ManualClock[float], issuer: Issuer, claims: dict[str, Any]) -> None:
    async with httpx.AsyncClient() as client:
        nobody = TokenVerifier(OidcKeys("http://127.0.0.1:9", "star", client, clock), clock)
        assert await status(nobody, issuer.token(claims)) == 503
