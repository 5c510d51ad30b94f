"""A CI job's token from a real provider process vouches for evidence, and every way in which one does not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.access import logged
from tests.support.identities import MAIN
from tests.support.plain_project import is_one_message
from tests.support.providers import Provider, running_provider
from tests.unit.hub.hub_sample import ANN, Place, key_of

from genaiops.access import Identities
from genaiops.core import OutsideError, Settings, UserError
from genaiops.store import Store

pytestmark = pytest.mark.system

AUDIENCE = "genaiops:sha256:" + "a" * 64


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider("genaiops", "unused", "http://127.0.0.1:80/api/oidc/callback") as provider:
        yield provider


@pytest.fixture
def settings(provider: Provider, tmp_path: Path) -> Settings:
    provider.set(claims={"sub": MAIN})
    return believing(provider.issuer, tmp_path / "config")


def believing(issuer: str, config: Path) -> Settings:
    """Return a configuration in which one branch's jobs are believed, and their provider may be asked."""
    (config / "keys" / "trusted").mkdir(parents=True)
    known = {"name": "main", "issuer": issuer, "subject": "repo:shop/*:ref:refs/heads/main", "role": "ci"}
    (config / "keys" / "trusted" / "identities.yaml").write_text(json.dumps({"identities": [known]}))
    (config / "egress.yaml").write_text(json.dumps({"allow_private": [issuer.removeprefix("http://")]}))
    return Settings(config_dir=config, cache_dir=config, env={})


def check(settings: Settings, token: str) -> str:
    return Identities(settings).check(token, AUDIENCE, datetime.now(UTC)).subject


@pytest.mark.proves("C-HUB-IDENTITY")
def test_a_jobs_token_vouches_for_evidence_on_the_command_line(
    provider: Provider, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    with Store.open(tmp_path / ".genaiops") as store:
        place = Place(store)
        evidence = place.evidence("run1", place.app(), accepted=False, sound=True, signer=None)
        key = key_of(store, ANN)
    env = {**os.environ, "GENAIOPS_CONFIG": str(settings.config_dir), "GENAIOPS_HUB_KEY": key}
    vouch = [sys.executable, "-m", "genaiops", "hub", "vouch", "evidence/run1", "--token-file", "-"]

    def run(audience: str) -> "subprocess.CompletedProcess[str]":
        token = provider.job_token(audience)
        return subprocess.run(
            vouch, cwd=tmp_path, env=env, input=token, capture_output=True, text=True, check=False
        )

    wrong = run(AUDIENCE)
    assert is_one_message(wrong, 2)
    assert "GAO-ACCESS-073: this token does not vouch for this evidence" in wrong.stderr
    done = run(f"genaiops:{evidence.manifest['statement']}")
    assert done.returncode == 0, done.stderr
    assert MAIN in done.stdout
    with Store.open(tmp_path / ".genaiops") as store:
        assert [each.actor for each in logged(store) if each.action == "evidence.vouch"] == [ANN.id]


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize(
    ("knobs", "why"),
    [
        ({"stranger": True}, "the token's signature does not hold"),
        ({"kid": "unknown"}, "the token's key is not the issuer's"),
        ({"alg": "none"}, "the token's algorithm is not allowed"),
        ({"alg": "HS256"}, "the token's algorithm is not allowed"),
        ({"issuer": "https://evil.example"}, "the issuer calls itself something else"),
        ({"override": {"exp": 1}}, "it has expired, or does not say when it ends"),
    ],
)
def test_a_token_that_is_not_the_issuers_word_is_refused(
    knobs: dict[str, object], why: str, provider: Provider, settings: Settings
) -> None:
    provider.set(**{"claims": {"sub": MAIN}, **knobs})
    with pytest.raises(UserError) as caught:
        check(settings, provider.job_token(AUDIENCE))
    assert (caught.value.code, caught.value.why) == ("GAO-ACCESS-073", why)


@pytest.mark.proves("C-HUB-IDENTITY")
def test_the_issuer_is_asked_only_for_whom_it_would_be_believed_and_its_new_keys_are_found(
    provider: Provider, settings: Settings
) -> None:
    assert check(settings, provider.job_token(AUDIENCE)) == MAIN
    provider.rotate()
    assert check(settings, provider.job_token(AUDIENCE)) == MAIN
    before = len(provider.asked())
    provider.set(claims={"sub": "repo:evil/bot:ref:refs/heads/main"})
    token = provider.job_token(AUDIENCE)
    with pytest.raises(UserError):
        check(settings, token)
    assert provider.asked()[before:] == ["/job", "/asked"]


@pytest.mark.proves("C-BAD-IDENTITY")
def test_an_issuer_that_may_not_be_asked_or_is_not_there_is_said(
    provider: Provider, settings: Settings, tmp_path: Path
) -> None:
    token = provider.job_token(AUDIENCE)
    (settings.config_dir / "egress.yaml").unlink()
    with pytest.raises(UserError) as caught:
        check(settings, token)
    assert "the keys of an identity provider" in str(caught.value)
    gone = believing("http://127.0.0.1:9", tmp_path / "other")
    provider.set(claims={"sub": MAIN, "iss": "http://127.0.0.1:9"})
    with pytest.raises(OutsideError):
        check(gone, provider.job_token(AUDIENCE))
