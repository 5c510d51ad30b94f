import pytest
from tests.unit.hub.hub_sample import ANN, KINDS, Place, opened

from genaiops.core import UserError
from genaiops.hub import Hub
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]


@pytest.fixture
def hub(tmp_path):
    with opened(tmp_path) as store:
        yield Place(store).hub


@pytest.mark.proves("C-HUB-DESCRIBE")
def test_what_is_said_of_a_version_is_no_part_of_its_digest(hub):
    first = hub.publish("prompt", "a", {"n": 1})
    said = hub.describe("prompt/a", owner="support", licence="MIT", sensitivity="internal", description="x")
    assert said.digest == first.digest
    assert said.described == {
        "owner": "support",
        "licence": "MIT",
        "sensitivity": "internal",
        "description": "x",
    }
    assert hub.describe("prompt/a", licence="").described.keys() == {"owner", "sensitivity", "description"}


@pytest.mark.proves("C-HUB-DESCRIBE")
def test_a_new_version_keeps_owner_licence_and_sensitivity_of_the_one_before(hub):
    hub.publish(
        "prompt",
        "a",
        {"n": 1},
        described={"owner": "support", "sensitivity": "personal", "description": "one"},
    )
    second = hub.publish("prompt", "a", {"n": 2}, described={"owner": "risk"})
    assert second.described == {"owner": "risk", "sensitivity": "personal"}
    assert hub.publish("prompt", "b", {"n": 2}).described == {}


@pytest.mark.proves("C-HUB-DESCRIBE")
def test_artifacts_are_found_by_what_is_said_of_them_now(hub):
    hub.publish("prompt", "a", {}, described={"owner": "support", "description": "for the zebra shop"})
    hub.publish("prompt", "b", {}, described={"owner": "support", "sensitivity": "public"})
    assert [each.name for each in hub.artifacts(text="zebra")] == ["a"]
    assert [each.name for each in hub.artifacts(described={"owner": "support"})] == ["b", "a"]
    hub.describe("prompt/b", owner="risk")
    hub.describe("prompt/a", description="for all")
    assert [each.name for each in hub.artifacts(described={"owner": "support"})] == ["a"]
    assert [each.name for each in hub.artifacts(described={"owner": "risk", "sensitivity": "public"})] == [
        "b"
    ]
    assert hub.artifacts(text="zebra") == []


@pytest.mark.proves("C-HUB-DESCRIBE")
def test_what_was_said_before_stays_in_the_history_and_nobody_changes_it(hub, tmp_path):
    hub.publish("prompt", "a", {}, described={"owner": "support"})
    hub.describe("prompt/a", owner="risk")
    hub.describe("prompt/a", owner="risk")
    with Store.open(tmp_path) as store:
        Hub(store, KINDS, by=ANN)
        with store.database.read() as connection:
            rows = connection.exec_driver_sql('SELECT value, "by" FROM hub_descriptions ORDER BY id').all()
        with pytest.raises(Exception, match="never changes"), store.database.write() as connection:
            connection.exec_driver_sql("UPDATE hub_descriptions SET value = 'x'")
    assert [tuple(each) for each in rows] == [("support", "user:ann"), ("risk", "user:ann")]


@pytest.mark.proves("C-BAD-DESCRIPTION")
@pytest.mark.parametrize("said", [{"sensitivity": "secret"}, {"colour": "red"}, {"owner": "x" * 201}])
def test_what_cannot_be_said_is_refused_before_anything_is_published(hub, said):
    with pytest.raises(UserError) as caught:
        hub.publish("prompt", "a", {}, described=said)
    assert caught.value.code == "GAO-HUB-050"
    assert hub.list() == []
