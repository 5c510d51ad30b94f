"""Whose token is believed to vouch for evidence, and every way in which one is not."""

import base64
import hmac
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.identities import ISSUER, MAIN, Issuer

from genaiops.access import NOBODY, Identities
from genaiops.access.identities import TrustedIdentity
from genaiops.core import Settings, UserError

AUDIENCE = "genaiops:sha256:" + "a" * 64
AT = datetime.now(UTC)
PROVIDER = Issuer(at=int(AT.timestamp()))  # however much later a test is run


def identities(folder: Path) -> Identities:
    return Identities(Settings(config_dir=folder, cache_dir=folder, env={}))


def refusal(folder: Path, token: str, at: datetime = AT) -> UserError:
    with pytest.raises(UserError) as caught:
        identities(folder).check(token, AUDIENCE, at)
    assert len(token) < 9 or token not in str(caught.value)
    return caught.value


def text(some: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(some).encode()).rstrip(b"=").decode()


@pytest.mark.proves("C-HUB-IDENTITY")
@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE]])
@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}])
def test_a_token_of_a_listed_identity_for_exactly_this_is_believed(
    audience: object, header: dict[str, str], tmp_path: Path
) -> None:
    PROVIDER.trust(tmp_path)
    token = PROVIDER.token(audience, header=header, azp="whoever asked for it")
    found = identities(tmp_path).check(token, AUDIENCE, AT)
    assert (found.name, found.role, found.issuer, found.subject) == ("main", "ci", ISSUER, MAIN)


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"aud": AUDIENCE.replace("a", "b")}, f"its audience is something else than {AUDIENCE}"),
        ({"aud": [AUDIENCE, "https://another.example"]}, "its audience is something else"),
        ({"aud": None}, "its audience is something else"),
        ({"exp": int(time.time()) - 90}, "it has expired"),
        ({"exp": None}, "it has expired, or does not say when it ends"),
        ({"nbf": int(time.time()) + 600}, "it is not valid yet"),
        ({"iat": int(time.time()) + 600}, "it is not valid yet"),
        ({"iss": "https://evil.example"}, "its issuer https://evil.example is not one of identities.yaml"),
        ({"iss": ISSUER + "/"}, "is not one of identities.yaml"),
        ({"sub": MAIN + "x"}, f"its subject {MAIN}x is not listed in identities.yaml"),
        ({"sub": None}, "does not say who issued it, and about whom"),
        ({"sub": 7}, "does not say who issued it, and about whom"),
    ],
)
def test_a_token_that_says_something_else_is_refused(
    claims: dict[str, object], says: str, tmp_path: Path
) -> None:
    PROVIDER.trust(tmp_path)
    error = refusal(tmp_path, PROVIDER.token(claims.pop("aud", AUDIENCE), **claims))
    assert error.code == "GAO-ACCESS-073"
    assert says in error.why


@pytest.mark.proves("C-BAD-IDENTITY")
def test_a_token_holds_at_the_clock_of_the_hub_with_a_minute_for_clocks_that_differ(tmp_path: Path) -> None:
    PROVIDER.trust(tmp_path)
    token = PROVIDER.token(AUDIENCE, exp=int(AT.timestamp()) - 30)
    assert identities(tmp_path).check(token, AUDIENCE, AT).name == "main"
    later = datetime.fromtimestamp(AT.timestamp() + 60, UTC)
    assert "it has expired" in refusal(tmp_path, token, later).why


@pytest.mark.proves("C-BAD-IDENTITY")
def test_a_token_that_the_issuer_did_not_sign_is_refused(tmp_path: Path) -> None:
    PROVIDER.trust(tmp_path)
    good = PROVIDER.token(AUDIENCE)
    head, content, signature = good.split(".")
    said = json.loads(base64.urlsafe_b64decode(content + "=="))
    unsigned = f"{text({'alg': 'none'})}.{content}."
    symmetric = f"{text({'alg': 'HS256', 'kid': PROVIDER.key.kid})}.{content}"
    public = PROVIDER.key.as_pem(private=False)
    symmetric += "." + base64.urlsafe_b64encode(hmac.digest(public, symmetric.encode(), "sha256")).decode()
    for token, says in {
        Issuer().token(AUDIENCE, header={"kid": PROVIDER.key.kid}): "signature does not hold",
        f"{head}.{text({**said, 'exp': said['exp'] + 9999})}.{signature}": "signature does not hold",
        Issuer().token(AUDIENCE): "key is not the issuer's",
        unsigned: "algorithm is not allowed",
        symmetric.rstrip("="): "algorithm is not allowed",
        PROVIDER.token(AUDIENCE, header={"typ": "at+jwt"}): "of another type",
    }.items():
        assert says in refusal(tmp_path, token).why


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize(
    "token",
    ["x", "a.b.c", "..", "größer.b.c", "\udcff", f"{text({'alg': 'ES256'})}.{text('x')}.x", "[" * 9000],
)
def test_what_is_no_token_is_refused(token: str, tmp_path: Path) -> None:
    PROVIDER.trust(tmp_path)
    assert refusal(tmp_path, token).code == "GAO-ACCESS-073"


@pytest.mark.proves("C-BAD-IDENTITY")
def test_where_nobody_is_listed_nobody_is_believed(tmp_path: Path) -> None:
    assert refusal(tmp_path, PROVIDER.token(AUDIENCE)).code == "GAO-ACCESS-071"
    assert identities(tmp_path).find(ISSUER, MAIN) is None
    assert NOBODY.find(ISSUER, MAIN) is None


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize("package", ["authlib", "joserfc"])
def test_without_what_checks_tokens_the_line_says_what_to_install(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PROVIDER.trust(tmp_path)
    token = PROVIDER.token(AUDIENCE)
    monkeypatch.setitem(sys.modules, package, None)
    error = refusal(tmp_path, token)
    assert (error.code, "genaiops[server]" in error.fix) == ("GAO-ACCESS-074", True)


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"issuer": "http://token.example.org"}, "https"),
        ({"issuer": "https://token.example.org?x=1"}, "no query"),
        ({"subject": "repo:shop/b*:ref:refs/heads/main"}, "whole part"),
        ({"subject": "**"}, "whole part"),
        ({"subject": "*"}, "names nobody"),
        ({"subject": "*:*/*"}, "names nobody"),
        ({"subject": ""}, "subject"),
        ({"role": "admin"}, "role"),
        ({"pattern": ".*"}, "pattern"),
    ],
)
def test_an_identity_that_cannot_be_meant_is_one_clear_error(
    wrong: dict[str, object], says: str, tmp_path: Path
) -> None:
    PROVIDER.trust(tmp_path, **wrong)
    with pytest.raises(UserError) as caught:
        identities(tmp_path).find(ISSUER, MAIN)
    assert says in str(caught.value)
    assert "identities.yaml" in caught.value.where


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize(("content", "says"), [("x", "JSON"), ("[]", "object"), ('{"keys": [{}]}', "keys")])
def test_pinned_keys_that_are_none_are_one_clear_error(content: str, says: str, tmp_path: Path) -> None:
    (PROVIDER.trust(tmp_path).parent / "issuer.json").write_text(content)
    assert says in refusal(tmp_path, PROVIDER.token(AUDIENCE)).why
    (tmp_path / "keys" / "trusted" / "issuer.json").unlink()
    assert refusal(tmp_path, PROVIDER.token(AUDIENCE)).code == "GAO-ACCESS-002"


@pytest.mark.proves("C-HUB-IDENTITY")
@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        (MAIN, MAIN, True),
        ("repo:shop/*:ref:refs/heads/main", MAIN, True),
        ("repo:shop/bot:ref:refs/heads/*", MAIN, True),
        ("repo:shop/bot:ref:refs/heads/*", "repo:shop/bot:ref:refs/heads/fix/it", False),
        ("repo:shop/*:ref:refs/heads/main", "repo:shop/a/b:ref:refs/heads/main", False),
        ("repo:shop/*:ref:refs/heads/main", "repo:shop/a:b:ref:refs/heads/main", False),
        ("repo:shop/*:ref:refs/heads/main", "repo:shop/:ref:refs/heads/main", False),
        ("repo:shop/*:ref:refs/heads/main", "repo:shop:bot:ref:refs/heads/main", False),
        ("repo:shop/*", MAIN, False),
        (MAIN, MAIN.upper(), False),
    ],
)
def test_a_star_stands_for_one_part_of_a_subject_and_nothing_else_does(
    pattern: str, subject: str, fits: bool
) -> None:
    known = TrustedIdentity(name="x", issuer=ISSUER, subject=pattern, role="ci")
    assert known.fits(ISSUER, subject) is fits
    assert not known.fits("https://token.example.org.evil.example", subject)
