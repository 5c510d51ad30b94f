from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.support.access import LOCAL
from tests.unit.hub.hub_sample import empty

from genaiops.core import Digest, KindSpec, UserError, digest_bytes
from genaiops.hub import Hub, diff_json

pytestmark = pytest.mark.usefixtures("each_store")

PROMPT = KindSpec(
    kind="prompt",
    schema={
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string"}, "tokens": {"type": ["integer", "null"]}},
        "additionalProperties": False,
    },
    diff=lambda old, new, read: [f"{old['text']} -> {new['text']}"],
    closure=lambda manifest: frozenset(),
)
DATASET = KindSpec(
    kind="dataset",
    schema={"type": "object", "required": ["rows"]},
    diff=diff_json,
    closure=lambda manifest: frozenset({Digest(str(manifest["rows"]))}),
)
EVIDENCE = KindSpec(
    kind="evidence", schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset()
)


@pytest.fixture
def store(tmp_path):
    with empty(tmp_path / ".genaiops") as opened:
        yield opened


@pytest.fixture
def hub(store):
    return Hub(
        store, [PROMPT, DATASET, EVIDENCE], by=LOCAL, clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    )


def test_versions_are_numbered_within_their_name(hub):
    first = hub.publish("prompt", "answer", {"text": "a"})
    second = hub.publish("prompt", "answer", {"text": "b"})
    other = hub.publish("prompt", "other", {"text": "b"})
    assert [each.number for each in (first, second, other)] == [1, 2, 1]
    assert second.created_at == "2026-01-02T03:04:05Z"
    assert second.reference == f"prompt/answer:v2@{second.digest}"


def test_equal_content_is_one_version_even_after_another_came(hub):
    first = hub.publish("prompt", "answer", {"text": "a"})
    hub.publish("prompt", "answer", {"text": "b"})
    assert hub.publish("prompt", "answer", {"text": "a"}) == first
    assert len(hub.list("prompt")) == 2


def test_a_reference_names_the_newest_a_number_or_a_digest(hub):
    first = hub.publish("prompt", "answer", {"text": "a"})
    second = hub.publish("prompt", "answer", {"text": "b"})
    assert hub.get("prompt/answer") == hub.get("prompt/answer:latest") == second
    assert hub.get("prompt/answer:v1") == hub.get(first.digest) == hub.get(first.reference) == first


def test_the_digest_decides_where_it_does_not_fit_the_number(hub):
    first = hub.publish("prompt", "answer", {"text": "a"})
    hub.publish("prompt", "answer", {"text": "b"})
    with pytest.raises(UserError) as caught:
        hub.get(f"prompt/answer:v2@{first.digest}")
    assert caught.value.code == "GAO-HUB-005"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("prompt/nothing", "GAO-HUB-005"),
        ("prompt/answer:v9", "GAO-HUB-005"),
        ("sha256:" + "0" * 64, "GAO-HUB-005"),
        ("prompt/answer:prod", "GAO-HUB-006"),
        ("sha256:xyz", "GAO-CORE-002"),
        ("answer", "GAO-CORE-004"),
    ],
)
def test_a_reference_that_names_nothing_is_an_error_with_a_way_out(hub, reference, code):
    hub.publish("prompt", "answer", {"text": "a"})
    with pytest.raises(UserError) as caught:
        hub.get(reference)
    assert caught.value.code == code
    assert caught.value.fix


def test_a_name_without_its_project_works_while_it_is_the_only_one(hub):
    mine = hub.publish("prompt", "answer", {"text": "a"}, project="support")
    assert hub.get("prompt/answer") == mine
    assert mine.reference.startswith("prompt/support/answer:v1@")
    hub.publish("prompt", "answer", {"text": "a"}, project="sales")
    with pytest.raises(UserError) as caught:
        hub.get("prompt/answer")
    assert "prompt/sales/answer" in caught.value.why
    assert hub.get("prompt/support/answer:v1") == mine


def test_blobs_are_part_of_the_content(hub, store):
    first = hub.publish("prompt", "answer", {"text": "a"}, blobs={"image": b"1"})
    second = hub.publish("prompt", "answer", {"text": "a"}, blobs={"image": b"2"})
    assert first.digest != second.digest
    assert store.blobs.get(hub.get("prompt/answer:v1").blobs["image"]) == b"1"


def test_what_a_manifest_rests_on_must_be_there(hub, store):
    with pytest.raises(UserError) as caught:
        hub.publish("dataset", "qa", {"rows": digest_bytes(b"rows")})
    assert caught.value.code == "GAO-HUB-004"
    assert hub.list() == []
    given_with_it = hub.publish("dataset", "qa", {"rows": digest_bytes(b"rows")}, blobs={"rows": b"rows"})
    prompt = hub.publish("prompt", "answer", {"text": "a"})
    hub.publish("dataset", "other", {"rows": prompt.digest})
    store.blobs.put(b"kept before")
    hub.publish("dataset", "third", {"rows": digest_bytes(b"kept before")})
    assert hub.get("dataset/qa") == given_with_it


@pytest.mark.parametrize(
    ("kind", "manifest", "code", "says"),
    [
        ("guard", {}, "GAO-HUB-001", "dataset, evidence, prompt"),
        ("prompt", {}, "GAO-HUB-002", "'text' is missing"),
        ("prompt", {"text": 1}, "GAO-HUB-002", "'text' is not of type string"),
        ("prompt", {"text": "", "tokens": True}, "GAO-HUB-002", "'tokens' is not of type"),
        ("prompt", {"text": "", "other": 1}, "GAO-HUB-002", "'other' is not known"),
    ],
)
def test_a_manifest_that_does_not_fit_its_kind_is_refused(hub, kind, manifest, code, says):
    with pytest.raises(UserError) as caught:
        hub.publish(kind, "x", manifest)
    assert caught.value.code == code
    assert says in caught.value.why


@pytest.mark.parametrize("name", ["With Space", "UPPER", "../up", "", "a/b/c"])
def test_a_name_that_could_not_be_referred_to_is_refused(hub, name):
    with pytest.raises(UserError):
        hub.publish("prompt", name, {"text": "a"})


def test_labels_are_added_beside_the_version_and_may_change(hub):
    hub.publish("prompt", "answer", {"text": "a"}, labels={"team": "x", "owner": "me"})
    again = hub.publish("prompt", "answer", {"text": "a"}, labels={"team": "y"})
    assert again.labels == {"team": "y", "owner": "me"}
    assert again.number == 1


@pytest.mark.parametrize("statement", ["UPDATE hub_versions SET manifest = '{}'", "DELETE FROM hub_versions"])
def test_the_database_itself_refuses_to_change_a_version(hub, store, statement):
    version = hub.publish("prompt", "answer", {"text": "a"})
    with pytest.raises(IntegrityError, match="never changes"), store.database.write() as connection:
        connection.execute(text(statement))
    assert hub.get("prompt/answer") == version


def test_diff_is_the_rooms_own_where_it_is_registered_and_key_by_key_elsewhere(hub, store):
    hub.publish("prompt", "answer", {"text": "a"})
    hub.publish("prompt", "answer", {"text": "b", "tokens": 3})
    assert hub.diff("prompt/answer:v1", "prompt/answer:v2") == ["a -> b"]
    assert Hub(store, (), by=LOCAL).diff("prompt/answer:v1", "prompt/answer:v2") == [
        '~ text: "a" -> "b"',
        "+ tokens: 3",
    ]


def test_different_kinds_are_not_compared(hub):
    hub.publish("prompt", "answer", {"text": "a"})
    hub.publish("evidence", "run", {})
    with pytest.raises(UserError) as caught:
        hub.diff("prompt/answer", "evidence/run")
    assert caught.value.code == "GAO-HUB-008"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(manifest=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), _JSON, max_size=4))
def test_any_manifest_comes_back_as_it_was(hub, manifest):
    version = hub.publish("evidence", "any", manifest)
    assert hub.get(version.digest).manifest == manifest
    assert hub.diff(version.reference, version.reference) == []
