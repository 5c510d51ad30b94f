import re
from datetime import timedelta

import pytest
from tests.support.documents import DOCS
from tests.unit.hub.hub_sample import ANN, BEN, KINDS, RITA, Place, opened

from genaiops.access import LOCAL
from genaiops.core import GateSaidNo, Principal, UserError
from genaiops.hub import EvidenceFacts, Hub, Override
from genaiops.hub.policy import EVIDENCE_FACTS, OTHER_FACTS, conditions_for, read_policy
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

FOUR_EYES = {"risk": "approvals.risk >= 1", "four eyes": "author_is_approver == 0"}


@pytest.fixture
def place(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        yield Place(store)


def _promote(place, version, *, by=ANN, **more):
    live = place.governance.live("app/bot", "prod")
    return place.by(by).move("app/bot", "prod", version.reference, read=live.digest if live else None, **more)


def _refusal(place, version, **more):
    with pytest.raises(GateSaidNo) as caught:
        _promote(place, version, **more)
    assert caught.value.code == "GAO-HUB-027"
    return caught.value


@pytest.mark.proves("C-HUB-POLICY")
def test_a_policy_refuses_a_move_names_what_does_not_hold_and_then_allows_it(place):
    version = place.app()
    place.govern(proven="evidence.pass == 1", **FOUR_EYES)
    place.evidence("run1", version)
    error = _refusal(place, version)
    assert "1 of 3 conditions" in error.what
    assert error.why == "risk: approvals.risk >= 1 does not hold (approvals.risk = 0)"
    assert place.governance.live("app/bot", "prod") is None
    place.by(RITA).approve("app/bot:v1", "risk", note="read it")
    move = _promote(place, version, why="proven")
    assert place.hub.get("app/bot:prod") == version
    assert [condition.holds for condition in move.conditions] == [True, True, True]
    assert move.evidence == (place.hub.get("evidence/run1").digest,)
    assert move.policy == place.hub.get("policy/default").digest


@pytest.mark.proves("C-HUB-POLICY")
def test_without_a_policy_nothing_is_asked(place):
    assert _promote(place, place.app()).conditions == ()


@pytest.mark.proves("C-BAD-PASS")
def test_a_pass_written_by_hand_counts_for_nothing(place):
    version = place.app()
    place.govern(proven="evidence.pass == 1")
    place.hub.publish("evidence", "forged", {"outcome": "pass"}, parents=[version])
    error = _refusal(place, version)
    assert "no evidence about exactly this version" in error.why
    assert "evidence/forged:v1 counts for nothing: its bundle is not here" in error.why


@pytest.mark.proves("C-BAD-PASS", "C-BAD-SIGNER")
@pytest.mark.parametrize(
    "facts",
    [
        {"accepted": False, "why": "verdict.json: outcome says 'pass', recomputed 'fail'"},
        {"accepted": False, "why": "no key known here signed it", "signer": None},
        {"outcome": "fail"},
        {"outcome": "inconclusive"},
    ],
)
def test_only_a_pass_that_the_hub_recomputed_is_one(place, facts):
    version = place.app()
    place.govern(proven="evidence.pass == 1", signed="evidence.signed == 1")
    place.evidence("run1", version, **facts)
    error = _refusal(place, version)
    assert "proven: evidence.pass == 1 does not hold (evidence.pass = 0)" in error.why
    assert facts.get("why", "") in error.why


@pytest.mark.proves("C-HUB-EVIDENCE")
def test_evidence_about_another_version_counts_for_nothing(place):
    first, second = place.app(1), place.app(2)
    place.govern(proven="evidence.pass == 1")
    place.evidence("run1", second, about=(first.digest,))
    place.evidence("run2", first)
    assert "no evidence about exactly this version" in _refusal(place, second).why
    _promote(place, first)


@pytest.mark.proves("C-HUB-EVIDENCE")
def test_all_conditions_hold_with_one_piece_of_evidence_not_each_with_another(place):
    version = place.app()
    place.govern(proven="evidence.pass == 1", locked="evidence.lock_base == 1")
    place.evidence("unlocked", version, lock="none")
    place.evidence("failed", version, outcome="fail")
    assert "1 of 2 conditions" in _refusal(place, version).what
    place.evidence("good", version)
    assert _promote(place, version).evidence == (place.hub.get("evidence/good").digest,)


@pytest.mark.proves("C-HUB-EVIDENCE", "C-BAD-SIGNER")
def test_evidence_is_recomputed_when_published_and_again_before_each_decision(place):
    version = place.app()
    place.govern(signed="evidence.signed_trusted == 1")
    place.evidence("run1", version)
    [seen] = place.governance.standing("app/bot:v1").evidence
    assert (seen.facts.outcome, seen.facts.signer) == ("pass", "ci")
    place.bundles["run1"] = EvidenceFacts(accepted=False, why="the key is trusted no more")
    assert "trusted no more" in _refusal(place, version).why
    place.evidence("run2", version)
    del place.bundles["run2"]  # its folder was removed: what the Hub found before still stands
    _promote(place, version)


@pytest.mark.proves("C-HUB-FACTS", "C-HUB-SIGNER")
@pytest.mark.parametrize(
    ("rule", "facts", "holds"),
    [
        ("evidence.age_days <= 1", {}, True),
        ("evidence.age_days <= 1", {"finished_at": "2026-03-01T12:00:00Z"}, False),
        ("evidence.age_days >= 0", {"finished_at": "2099-01-01T00:00:00Z"}, True),
        ("evidence.signed_trusted == 1", {"own_key": True}, False),
        ("evidence.signed == 1", {"own_key": True}, True),
        ("evidence.signed_ci == 1", {}, False),
        ("evidence.signed_ci == 1", {"signer_role": "ci"}, True),
        ("evidence.signed_ci == 1", {"signer_role": "ci", "accepted": False}, False),
        ("evidence.signed_ci == 1", {"signer_role": "human"}, False),
        ("evidence.signed_human == 1", {"signer_role": "human"}, True),
        ("evidence.scores_recomputed == 1", {}, False),
        ("evidence.scores_recomputed == 1", {"scores_recomputed": True}, True),
        ("evidence.lock_base == 1", {"lock": "self"}, False),
        ("evidence.attempts <= 2", {"attempts": 3}, False),
        ("evidence.verdicts_on_dataset < 20", {"verdicts_on_dataset": 19}, True),
        ("approvals.reviewer == 0", {}, True),
        ("!(evidence.pass == 1) || approvals.reviewer > 0", {}, False),
    ],
)
def test_the_facts_say_what_their_names_say(place, rule, facts, holds):
    version = place.app()
    place.govern(asked=rule)
    place.evidence("run1", version, **facts)
    if holds:
        assert _promote(place, version).conditions[0].holds
    else:
        assert "asked" in _refusal(place, version).why


@pytest.mark.proves("C-HUB-LOCK")
def test_the_lock_hub_is_a_suite_that_was_here_before_the_run_began(place):
    version, suite = place.app(), place.app(99).digest
    place.govern(locked="evidence.lock_hub == 1")
    place.clock.pass_by(hours=-2)
    place.hub.publish("suite", "other", {"digest": "sha256:" + "1" * 64})
    place.clock.pass_by(hours=2)
    place.hub.publish("suite", "qa", {"digest": suite})
    place.evidence("late", version, suite=suite)
    _refusal(place, version)
    place.clock.pass_by(hours=2)
    place.evidence("locked", version, suite=suite, started_at="2026-03-03T13:00:00Z")
    _promote(place, version)


@pytest.mark.proves("C-HUB-APPROVAL")
def test_an_approval_is_of_exactly_one_version_by_one_person_in_one_role(place):
    first, second = place.app(1), place.app(2)
    place.govern(risk="approvals.risk >= 2")
    for who in (RITA, RITA, BEN):
        place.by(who).approve(first.digest, "risk" if who is RITA else "reviewer")
    assert "approvals.risk = 1" in _refusal(place, first).why
    place.by(BEN).approve("app/bot:v1", "risk")
    _promote(place, first)
    assert "approvals.risk = 0" in _refusal(place, second).why


@pytest.mark.proves("C-HUB-APPROVAL")
def test_an_approval_can_be_taken_back(place):
    version = place.app()
    place.govern(**FOUR_EYES)
    place.by(RITA).approve("app/bot:v1", "risk")
    place.by(RITA).approve("app/bot:v1", "risk", withdraw=True)
    assert place.governance.standing("app/bot:v1").approvals == ()
    _refusal(place, version)


@pytest.mark.proves("C-HUB-FOUR-EYES")
def test_who_first_published_a_version_is_its_author_and_no_second_pair_of_eyes(place):
    version = place.app()
    place.govern(**FOUR_EYES)
    place.governance.approve("app/bot:v1", "risk")
    assert "four eyes" in _refusal(place, version).why
    place.governance.approve("app/bot:v1", "risk", withdraw=True)
    place.by(RITA).approve("app/bot:v1", "risk")
    Hub(place.store, KINDS, by=RITA, clock=place.clock).publish("app", "bot", {"n": 1})  # she looked again
    assert place.governance.standing("app/bot:v1").author == "user:ann"
    _promote(place, version)


@pytest.mark.proves("C-HUB-FOUR-EYES")
def test_what_was_published_before_there_were_accounts_has_an_author_that_nobody_knows(tmp_path):
    with Store.open(tmp_path / ".genaiops") as store:
        version = Hub(store, KINDS, by=Principal(id=LOCAL)).publish("app", "bot", {"n": 1})
        place = Place(store)
        place.govern(**FOUR_EYES)
        place.by(RITA).approve("app/bot:v1", "risk")
        assert "no value for author_is_approver" in _refusal(place, version).why


@pytest.mark.proves("C-BAD-APPROVAL")
@pytest.mark.parametrize(
    ("ref", "role", "code"),
    [
        ("app/bot", "risk", "GAO-HUB-026"),
        ("app/bot:prod", "risk", "GAO-HUB-026"),
        ("app/bot:v9", "risk", "GAO-HUB-005"),
        ("digest", "risk", "GAO-HUB-007"),
        ("app/bot:v1", "Risk Team", "GAO-HUB-030"),
        ("app/bot:v1", "", "GAO-HUB-030"),
        ("app/bot:v1", "admin", "GAO-HUB-030"),
        ("app/bot:v1", "reviewer", "GAO-HUB-080"),
    ],
)
def test_an_approval_of_what_may_be_another_version_tomorrow_is_refused(place, ref, role, code):
    version = place.app()
    _promote(place, version)
    place.hub.publish("app", "twin", version.manifest)
    with pytest.raises(UserError) as caught:
        place.by(RITA).approve(version.digest if ref == "digest" else ref, role)
    assert caught.value.code == code


@pytest.mark.proves("C-HUB-OVERRIDE")
def test_an_override_moves_all_the_same_and_keeps_what_did_not_hold(place):
    version = place.app()
    place.govern(**FOUR_EYES)
    emergency = Override(ticket="OPS-7", expires=place.clock() + timedelta(hours=4))
    move = _promote(place, version, why="prod is down", override=emergency)
    assert (move.action, move.ticket, move.expires) == ("override", "OPS-7", "2026-03-03T16:00:00Z")
    assert [condition.name for condition in move.conditions if not condition.holds] == ["risk"]
    assert place.hub.get("app/bot:prod") == version


@pytest.mark.proves("C-HUB-OVERRIDE")
def test_an_override_that_was_not_needed_is_a_move_like_any_other(place):
    version = place.app()
    place.by(RITA).approve("app/bot:v1", "risk")
    place.govern(**FOUR_EYES)
    emergency = Override(ticket="OPS-7", expires=place.clock() + timedelta(hours=4))
    move = _promote(place, version, why="prod is down", override=emergency)
    assert (move.action, move.expires) == ("move", None)


@pytest.mark.proves("C-HUB-OVERRIDE", "C-HUB-ROLLBACK")
def test_a_rollback_passes_over_what_an_override_put_there(place):
    first, second, third = (place.app(n) for n in (1, 2, 3))
    _promote(place, first)
    place.govern(**FOUR_EYES)
    emergency = Override(ticket="OPS-7", expires=place.clock() + timedelta(hours=4))
    _promote(place, second, why="prod is down", override=emergency)
    place.by(RITA).approve("app/bot:v3", "risk")
    _promote(place, third)
    assert place.governance.rollback("app/bot:prod", why="wrong").to_version == first.pinned


@pytest.mark.proves("C-BAD-OVERRIDE")
@pytest.mark.parametrize(
    ("why", "ticket", "hours"),
    [("", "OPS-7", 1), ("down", " ", 1), ("down", "OPS-7", 25), ("down", "OPS-7", 0)],
)
def test_an_override_without_reason_or_ticket_or_for_more_than_a_day_is_refused(place, why, ticket, hours):
    version = place.app()
    place.govern(**FOUR_EYES)
    override = Override(ticket=ticket, expires=place.clock() + timedelta(hours=hours))
    with pytest.raises(UserError) as caught:
        _promote(place, version, why=why, override=override)
    assert caught.value.code == "GAO-HUB-028"
    assert place.governance.live("app/bot", "prod") is None


@pytest.mark.proves("C-HUB-POLICY")
def test_a_policy_governs_its_own_successor(place):
    manifest = {"project": None, "require": {"policy": {"in-force": {"risk": "approvals.risk >= 1"}}}}
    first = place.hub.publish("policy", "default", manifest)
    move = place.governance.move
    move("policy/default", "in-force", first.reference, read=None)
    weaker = place.hub.publish("policy", "default", {"project": None, "require": {}})
    with pytest.raises(GateSaidNo):
        move("policy/default", "in-force", weaker.reference, read=first.digest)
    place.by(RITA).approve("policy/default:v2", "risk")
    move("policy/default", "in-force", weaker.reference, read=first.digest)


@pytest.mark.proves("C-HUB-POLICY")
def test_no_rollback_goes_past_a_policy_that_governs_policies(place):
    place.govern()
    manifest = {"project": None, "require": {"policy": {"in-force": {"risk": "approvals.risk >= 1"}}}}
    stricter = place.hub.publish("policy", "default", manifest)
    read = place.hub.get("policy/default:v1").digest
    place.governance.move("policy/default", "in-force", stricter.reference, read=read)
    with pytest.raises(GateSaidNo):
        place.governance.rollback("policy/default:in-force", why="too strict")
    place.by(RITA).approve("policy/default:v1", "risk")
    place.governance.rollback("policy/default:in-force", why="too strict")


@pytest.mark.proves("C-HUB-POLICY")
def test_a_projects_own_policy_governs_it_and_the_default_one_governs_the_others(place):
    place.govern(**FOUR_EYES)
    own = place.hub.publish("policy", "sales", {"project": "sales", "require": {}})
    for project in ("sales", "support"):
        place.hub.publish("app", "bot", {}, project=project)
    move = place.governance.move
    move("policy/sales", "in-force", own.reference, read=None)
    move("app/sales/bot", "prod", "app/sales/bot:v1", read=None)
    with pytest.raises(GateSaidNo):
        move("app/support/bot", "prod", "app/support/bot:v1", read=None)


def test_conditions_of_every_pattern_that_fits_have_to_hold():
    text = """
require:
  app:
    prod: {risk: approvals.risk >= 1}
    "prod*": {risk: approvals.risk >= 2, age: evidence.age_days < 9}
  "*":
    "*": {four eyes: author_is_approver == 0}
    staging: {read: approvals.reviewer >= 1}
"""
    policy = read_policy(text, "policy.yaml")
    assert conditions_for(policy, "app", "prod") == {
        "risk": "approvals.risk >= 1",
        "risk (app, prod*)": "approvals.risk >= 2",
        "age": "evidence.age_days < 9",
        "four eyes": "author_is_approver == 0",
    }
    assert list(conditions_for(policy, "app", "prod-eu")) == ["risk", "age", "four eyes"]
    assert list(conditions_for(policy, "prompt", "staging")) == ["four eyes", "read"]


@pytest.mark.proves("C-BAD-POLICY")
@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("require: [", "GAO-CORE-", ""),
        ("requires: {}", "GAO-HUB-040", "require"),
        ("require: {}\nelse: 1", "GAO-HUB-040", "else"),
        ("require: {App: {prod: {a: approvals.x > 1}}}", "GAO-HUB-040", "App"),
        ("require: {app: {prod: {a: 7}}}", "GAO-HUB-040", "prod"),
        ("require: {app: {prod: {a: evidence.passed == 1}}}", "GAO-HUB-041", "did you mean evidence.pass?"),
        ("require: {app: {prod: {a: outcome == 1}}}", "GAO-HUB-041", "require.app.prod.a"),
        ("require: {app: {prod: {a: approvals.a.b >= 1}}}", "GAO-HUB-041", "approvals.risk"),
        ("require: {app: {prod: {a: approvals.legal >= 1}}}", "GAO-HUB-041", "approvals.reviewer"),
        ("require: {app: {prod: {a: evidence.pass}}}", "GAO-CORE-020", "a comparison is needed"),
        ("require: {app: {prod: {a: 'has(evidence.pass)'}}}", "GAO-CORE-020", "functions"),
        ("require: {app: {prod: {a: 1 < 2}}}", "GAO-CORE-020", "reads no fact"),
    ],
)
def test_a_policy_that_could_not_be_asked_is_refused(text, code, says):
    with pytest.raises(UserError) as caught:
        read_policy(text, "policy.yaml")
    assert caught.value.code.startswith(code)
    assert says in str(caught.value)


def test_every_fact_that_a_condition_can_read_is_documented_as_the_code_says():
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", (DOCS / "hub.md").read_text(), re.MULTILINE))
    plain = {name: re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text) for name, text in rows.items()}
    assert plain.pop("approvals.ROLE").startswith("how many people")
    assert plain == {**EVIDENCE_FACTS, **OTHER_FACTS}
