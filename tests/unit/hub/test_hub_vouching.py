"""Identities of a provider vouch for evidence, and a policy that asks for a trusted signer allows a move."""

import json
import os
import time
from datetime import datetime

import pytest
from tests.support import hubs
from tests.support.access import everything_on_disk, logged
from tests.support.identities import ISSUER, MAIN, Issuer
from tests.unit.hub.hub_sample import ANN, BEN, KINDS, NOWHERE, RITA, Clock, Place, key_of, opened
from typer.testing import CliRunner

from genaiops.access import EVERYWHERE, Identities, people
from genaiops.access.model import Grant
from genaiops.core import GateSaidNo, Principal, UserError
from genaiops.hub import CheckedEvidence, Client, EvidenceFacts, Version, Vouching
from genaiops.hub.bodies import Shelf
from genaiops.hub.commands import hub as commands
from genaiops.hub.policy import Found, facts_of
from genaiops.hub.telling import show_lines
from genaiops.hub.transport import Direct

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

PROVIDER = Issuer()
EVIDENCE = Version(
    kind="evidence",
    name="run1",
    number=1,
    digest=NOWHERE,
    manifest={},
    activity="arena run",
    created_at="2026-03-03T12:00:00Z",
)
UNKNOWN = {"accepted": False, "signer": None, "why": "no key known here signed it", "sound": True}


@pytest.fixture
def place(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        place = Place(store)
        PROVIDER.trust(place.settings.config_dir)
        yield place


def client(place, who=ANN):
    """The Hub as somebody works with it, its store at hand or behind a URL."""
    if os.environ.get(hubs.WAY) == "url":
        return hubs.reached(place.store, who, place.clock)
    shelf = Shelf(place.store, KINDS, place.verify, Identities(place.settings), direct=True)
    return Client(Direct(shelf, who, place.clock), lambda: KINDS)


def token(place, evidence, **claims):
    now = int(place.clock().timestamp())
    audience = claims.pop("aud", f"genaiops:{evidence.manifest['statement']}")
    return PROVIDER.token(audience, **{"iat": now, "exp": now + 300, **claims})


def promote(place, version):
    live = place.governance.live("app/bot", "prod")
    return place.governance.move("app/bot", "prod", version.reference, read=live.digest if live else None)


def refusal(place, version):
    with pytest.raises(GateSaidNo) as caught:
        promote(place, version)
    return caught.value.why


def lines(place, ref):
    found = place.hub.get(ref)
    return "\n".join(show_lines(found, place.governance.standing(ref), place.clock()))


@pytest.mark.proves("C-HUB-IDENTITY")
def test_a_policy_refuses_allows_once_an_identity_vouched_and_refuses_when_it_is_believed_no_more(place):
    version = place.app()
    place.govern(proven="evidence.pass == 1", ci="evidence.signed_ci == 1")
    evidence = place.evidence("run1", version, **UNKNOWN)
    assert "evidence/run1:v1 counts for nothing: no key known here signed it" in refusal(place, version)
    place.governance.vouch("evidence/run1", token(place, evidence))
    assert promote(place, version).evidence == (evidence.digest,)
    file = PROVIDER.trust(place.settings.config_dir, subject="repo:shop/other:ref:refs/heads/main")
    assert "ci: evidence.signed_ci == 1 does not hold" in refusal(place, version)
    assert "counts for nothing" in refusal(place, version)
    file.unlink()
    assert "counts for nothing" in refusal(place, version)
    PROVIDER.trust(place.settings.config_dir)
    promote(place, version)


@pytest.mark.proves("C-HUB-IDENTITY")
@pytest.mark.parametrize(
    ("fact", "role", "facts", "holds"),
    [
        ("evidence.pass", "ci", UNKNOWN, True),
        ("evidence.pass", "ci", {**UNKNOWN, "outcome": "fail"}, False),
        ("evidence.pass", "ci", {**UNKNOWN, "sound": False}, False),
        ("evidence.signed", "ci", UNKNOWN, True),
        ("evidence.signed", None, UNKNOWN, False),
        ("evidence.signed_trusted", "ci", UNKNOWN, True),
        ("evidence.signed_trusted", "ci", {**UNKNOWN, "sound": False}, False),
        ("evidence.signed_trusted", None, {"own_key": True}, False),
        ("evidence.signed_trusted", "human", {"own_key": True}, True),
        ("evidence.signed_ci", "ci", {**UNKNOWN, "sound": False}, False),
        ("evidence.signed_ci", "human", UNKNOWN, False),
        ("evidence.signed_human", "human", UNKNOWN, True),
        ("evidence.signed_human", "human", {"signer_role": "ci"}, True),
        ("evidence.signed_ci", "human", {"signer_role": "ci"}, True),
        ("evidence.signed_ci", "human", {**UNKNOWN, "signer_role": "ci"}, False),
    ],
)
def test_an_identity_counts_as_what_it_is_listed_and_only_where_all_but_the_key_holds(
    fact, role, facts, holds
):
    good = {"accepted": True, "outcome": "pass", "signer": "ci"}
    at = "2026-03-03T12:00:00Z"
    who = {"name": "main", "issuer": ISSUER, "subject": MAIN, "by": "user:ben", "at": at}
    vouched = (
        Vouching(role=role or "ci", trusted=role is not None, **who),
        Vouching(role="human", trusted=False, **who),
    )
    checked = CheckedEvidence(
        version=EVIDENCE, facts=EvidenceFacts(**{**good, **facts}), first_at=at, at=at, vouched=vouched
    )
    assert facts_of(Found(checked, False), (), None, Clock().now)[fact] == holds


@pytest.mark.proves("C-HUB-IDENTITY")
def test_an_identity_vouches_for_one_piece_of_evidence_and_for_no_other(place):
    version = place.app()
    place.govern(ci="evidence.signed_ci == 1")
    first, second = (place.evidence(name, version, **UNKNOWN) for name in ("run1", "run2"))
    given = token(place, first)
    with pytest.raises(UserError) as caught:
        place.governance.vouch(second.reference, given)
    assert caught.value.code == "GAO-ACCESS-073"
    assert f"something else than genaiops:{second.manifest['statement']}" in caught.value.why
    place.governance.vouch(first.reference, given)
    assert promote(place, version).evidence == (first.digest,)


@pytest.mark.proves("C-HUB-IDENTITY")
def test_who_vouched_is_shown_and_that_they_are_believed_no_more(place):
    evidence = place.evidence("run1", place.app(), **UNKNOWN)
    place.governance.vouch("evidence/run1", token(place, evidence))
    said = f"vouched for by main ({ISSUER} {MAIN}), ci, 2026-03-03T12:00:00Z"
    for ref in ("evidence/run1", "app/bot:v1"):
        assert "pass, signed by no key known here, lock base" in lines(place, ref)
        assert said in lines(place, ref)
    PROVIDER.trust(place.settings.config_dir, subject="repo:shop/other", role="human")
    assert f"{said}; NOT TRUSTED ANY MORE" in lines(place, "evidence/run1")
    assert "rejected, no key known here signed it" in lines(place, "evidence/run1")


@pytest.mark.proves("C-HUB-IDENTITY")
@pytest.mark.parametrize("way", ["folder", "url"])
def test_who_may_publish_brings_the_token_which_is_written_down_once_and_never_kept(place, way, monkeypatch):
    evidence = place.evidence("run1", place.app(), **UNKNOWN)
    with hubs.on_the_way(way, monkeypatch):
        if way == "url":  # a key of a test is of today
            place.clock.now = datetime.fromtimestamp(time.time(), place.clock.now.tzinfo)
        given = token(place, evidence)
        for _ in range(2):  # brought again, it says nothing new
            found = client(place, BEN).vouch("evidence/run1", given)
    assert (found.evidence, found.identity.subject) == (evidence.reference, MAIN)
    [entry] = [each for each in logged(place.store) if each.action == "evidence.vouch"]
    assert (entry.actor, entry.subject) == (BEN.id, "evidence/run1:v1")
    assert entry.details == {
        "digest": evidence.digest,
        "issuer": ISSUER,
        "identity": MAIN,
        "name": "main",
        "role": "ci",
    }
    [vouching] = place.governance.standing("evidence/run1").recomputed.vouched
    assert (vouching.by, vouching.trusted) == (BEN.id, True)
    kept = everything_on_disk(place.store.path)
    assert given.encode() not in kept
    assert given.split(".")[2].encode() not in kept


@pytest.mark.proves("C-BAD-IDENTITY")
def test_what_is_no_evidence_is_not_there_or_is_not_yours_to_publish_is_refused_before_a_token_is_read(place):
    version = place.app()
    evidence = place.evidence("run1", version, **UNKNOWN)
    bare = place.hub.publish("evidence", "bare", {"outcome": "pass"}, parents=[version])
    given = token(place, evidence)
    viewer = Principal(id="user:vic")
    with place.store.database.write() as connection:
        people.add(connection, ANN, viewer.id, place.clock())
        grant = Grant(subject=viewer.id, project=EVERYWHERE, role="viewer")
        people.grant(connection, ANN, grant, place.clock())
    for who, ref, code in [
        (RITA, version.reference, "GAO-HUB-093"),
        (RITA, bare.reference, "GAO-HUB-093"),
        (RITA, "evidence/none", "GAO-HUB-005"),
        (viewer, evidence.reference, "GAO-ACCESS-024"),
    ]:
        with pytest.raises(UserError) as caught:
            place.by(who).vouch(ref, given)
        assert caught.value.code == code
    assert [each for each in logged(place.store) if each.action == "evidence.vouch"] == []


@pytest.mark.proves("C-BAD-IDENTITY")
def test_a_token_that_is_refused_leaves_nothing(place):
    evidence = place.evidence("run1", place.app(), **UNKNOWN)
    before = len(logged(place.store))
    for wrong in ({"exp": 1}, {"aud": "another"}, {"sub": "repo:evil/bot:ref:refs/heads/main"}):
        with pytest.raises(UserError) as caught:
            place.governance.vouch("evidence/run1", token(place, evidence, **wrong))
        assert caught.value.code == "GAO-ACCESS-073"
    assert len(logged(place.store)) == before
    assert place.governance.standing("evidence/run1").recomputed.vouched == ()


@pytest.fixture
def run(place, tmp_path, monkeypatch):
    """The command, in a project whose Hub is the place, as ann."""
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENAIOPS_CONFIG", str(place.settings.config_dir))
    monkeypatch.setenv("GENAIOPS_HUB_KEY", key_of(place.store, ANN))

    def do(*arguments, stdin=None):
        return CliRunner().invoke(commands, ["vouch", *arguments], input=stdin)

    return do


@pytest.mark.proves("C-HUB-IDENTITY")
def test_the_command_takes_the_token_from_a_file_or_from_stdin(place, run, tmp_path):
    evidence = place.evidence("run1", place.app(), **UNKNOWN)
    given = PROVIDER.token(f"genaiops:{evidence.manifest['statement']}")
    (tmp_path / "token").write_text(given + "\n")
    for done in (
        run("evidence/run1", "--token-file", "token"),
        run("evidence/run1:v1", "--token-file", "-", stdin=given),
    ):
        said = f"{evidence.reference} is vouched for by main ({ISSUER} {MAIN}), ci"
        assert (done.exit_code, done.stdout.replace("\n", " ").strip()) == (0, said)
    shown = json.loads(run("evidence/run1", "--token-file", "token", "--json").stdout)
    who = {"name": "main", "role": "ci", "issuer": ISSUER, "subject": MAIN}
    assert shown == {"evidence": evidence.reference, "identity": who}


@pytest.mark.proves("C-BAD-IDENTITY")
@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"", "nothing"), (b"x" * 20_000, "too long"), (b"\xff\xfe", "ASCII")],
)
def test_a_file_that_holds_no_token_is_one_clear_error(place, run, tmp_path, content, says):
    place.evidence("run1", place.app(), **UNKNOWN)
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    error = run("evidence/run1", "--token-file", "token").exception
    assert isinstance(error, UserError)
    assert (error.code, says in error.why) == ("GAO-HUB-094", True)
