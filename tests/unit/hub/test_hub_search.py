from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.unit.hub.hub_sample import ANN, BEN, Place, opened
from tests.unit.hub.hub_sample import KINDS as SPECS

from genaiops.access import EVERYWHERE, LOCAL, people
from genaiops.access.model import Grant
from genaiops.core import KINDS, Principal, Scope
from genaiops.hub import Hub, search
from genaiops.hub.steps import STEPS
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store

EVE = Principal(id="user:eve")

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def place(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        yield Place(store)


@pytest.fixture
def hub(place):
    return place.hub


@pytest.fixture
def store(place):
    """A Hub that eve may read too, but nothing sensitive in it."""
    with place.store.database.write() as connection:
        people.add(connection, ANN, EVE.id, place.clock())
        _grant(connection, place, EVERYWHERE, "viewer")
    return place.store


def _grant(connection, place, project, role):
    people.grant(connection, ANN, Grant(subject=EVE.id, project=project, role=role), place.clock())


def _as(store, who):
    return Hub(store, SPECS, by=who)


def _found(hub, **options):
    return [version.short for version in hub.artifacts(**options)]


@pytest.mark.proves("C-HUB-SEARCH")
def test_words_are_found_in_names_labels_and_manifests(hub):
    hub.publish("prompt", "refund-policy", {"text": "Say Größe and café"}, labels={"team": "payments"})
    hub.publish(
        "prompt", "other", {"text": "Nothing of it", "params": {"steps": [1, {"tool": "lookup_order"}]}}
    )
    for text in ("refund", "payments", "team", "größe", "GRÖ", "cafe", "refund café pay"):
        assert _found(hub, text=text) == ["prompt/refund-policy:v1"], text
    assert _found(hub, text="lookup_order") == _found(hub, text="steps tool") == ["prompt/other:v1"]
    assert _found(hub, text="refund nothing") == []


@pytest.mark.proves("C-HUB-SEARCH")
def test_of_each_artifact_the_newest_version_that_fits_is_shown_last_changed_first(hub):
    hub.publish("prompt", "a", {"text": "apple"})
    hub.publish("prompt", "b", {"text": "apple"})
    hub.publish("prompt", "a", {"text": "apple pie"})
    hub.publish("prompt", "a", {"text": "pear"})
    assert _found(hub) == ["prompt/a:v3", "prompt/b:v1"]
    assert _found(hub, text="apple") == ["prompt/a:v2", "prompt/b:v1"]
    assert _found(hub, text="apple", limit=1) == ["prompt/a:v2"]


@pytest.mark.proves("C-HUB-SEARCH")
def test_kind_name_and_labels_narrow_what_is_found(hub):
    hub.publish("prompt", "a", {"text": "apple"}, labels={"team": "x", "stage": "old"})
    hub.publish("app", "a", {"text": "apple"}, labels={"team": "x"})
    hub.publish("app", "b", {"text": "apple"}, labels={"team": "y"})
    assert _found(hub, text="apple", kind="app") == ["app/b:v1", "app/a:v1"]
    assert _found(hub, kind="app", labels={"team": "x"}) == ["app/a:v1"]
    assert _found(hub, text="apple", name="a", labels={"team": "x", "stage": "old"}) == ["prompt/a:v1"]
    assert _found(hub, labels={"team": "z"}) == []


@pytest.mark.proves("C-HUB-SEARCH")
def test_a_label_that_changed_is_found_by_its_new_value_only(hub):
    hub.publish("prompt", "a", {"text": "x"}, labels={"owner": "maria"})
    hub.publish("prompt", "a", {"text": "x"}, labels={"owner": "jonas"})
    assert _found(hub, text="maria") == []
    assert _found(hub, text="jonas") == ["prompt/a:v1"]


@pytest.mark.parametrize(
    "text", ['"', "* OR", 'a" OR "b', "kind:app", "-", "(", "NEAR(a b)", "^", "\x00", "' --"]
)
def test_what_is_looked_for_is_words_and_never_a_query(hub, text):
    hub.publish("prompt", "a", {"text": "x"})
    assert _found(hub, text=text) == []
    assert _found(hub, text="x", kind='prompt" OR kind : "prompt') == []


def test_every_kind_can_be_looked_for(hub):
    hub.publish("prompt", "a", {"text": "x"})
    assert [kind for kind in KINDS if _found(hub, text="x", kind=kind)] == ["prompt"]


@pytest.mark.proves("C-HUB-SEARCH")
def test_a_store_whose_index_held_all_words_in_one_column_is_searched_as_before(tmp_path):
    row = {"kind": "prompt", "project": "", "name": "a", "number": 1, "digest": f"sha256:{'0' * 64}"}
    more = {"manifest": '{"text": "apple"}', "blobs": "{}", "activity": "publish", "created_at": "2026"}
    with Store.open(tmp_path / "store") as store:
        store.database.migrate("hub", STEPS[: STEPS.index(search.split)])
        with store.database.write() as connection:
            connection.execute(sa.insert(VERSIONS).values(**row, **more))
        hub = Hub(store, SPECS, by=Principal(id=LOCAL))
        assert _found(hub, text="apple") == ["prompt/a:v1"]
        hub.describe("prompt/a", owner="maria")
        assert _found(hub, text="maria apple") == ["prompt/a:v1"]


SECRET = {"text": "Zanzipurr"}


def _publish_secret(hub, **options):
    said = {"sensitivity": "confidential", "description": "about sharks", "owner": "legal"}
    return hub.publish("prompt", "deal", SECRET, labels={"team": "mergers"}, described=said, **options)


@pytest.mark.proves("C-HUB-SENSITIVE-SEARCH")
def test_words_of_a_sensitive_manifest_are_found_by_those_only_who_may_read_it(hub, store):
    _publish_secret(hub)
    for text in ("zanzipurr", "text", "deal zanzipurr", "zanz sharks"):
        assert _found(hub, text=text) == ["prompt/deal:v1"], text
        assert _found(_as(store, BEN), text=text) == ["prompt/deal:v1"], text
        assert _found(_as(store, EVE), text=text) == [], text
        assert _found(_as(store, EVE), text=text, kind="prompt", labels={"team": "mergers"}) == [], text


@pytest.mark.proves("C-HUB-SENSITIVE-SEARCH")
def test_everybody_who_may_read_finds_it_by_its_name_its_labels_and_what_is_said_of_it(hub, store):
    _publish_secret(hub)
    for text in ("deal", "mergers", "team", "sharks", "legal", "confidential", "prompt deal mergers shark"):
        assert _found(_as(store, EVE), text=text) == ["prompt/deal:v1"], text
    assert _found(_as(store, EVE), text="deal", labels={"team": "mergers"}) == ["prompt/deal:v1"]


@pytest.mark.proves("C-HUB-SENSITIVE-SEARCH")
def test_of_an_artifact_the_newest_version_is_found_whose_words_one_may_look_for(hub, store):
    hub.publish("prompt", "deal", SECRET)
    _publish_secret(hub)
    hub.publish("prompt", "deal", {"text": "Zanzipurr, again"})
    hub.describe("prompt/deal:v1", sensitivity="public")
    hub.describe("prompt/deal:v2", sensitivity="personal")
    assert _found(hub, text="zanzipurr") == ["prompt/deal:v2"]
    assert _found(_as(store, EVE), text="zanzipurr") == ["prompt/deal:v1"]
    hub.describe("prompt/deal:v2", sensitivity="internal")
    assert _found(_as(store, EVE), text="zanzipurr") == ["prompt/deal:v2"]


@pytest.mark.proves("C-HUB-SENSITIVE-SEARCH")
def test_a_right_in_one_project_and_a_key_without_it_find_no_more_than_they_may_read(hub, store, place):
    for project in ("shop", "bank"):
        _publish_secret(hub, project=project)
    with store.database.write() as connection:
        people.add_project(connection, ANN, "shop", place.clock())
        _grant(connection, place, "shop", "risk")
    assert _found(_as(store, EVE), text="zanzipurr") == ["prompt/shop/deal:v1"]
    assert _found(_as(store, EVE), text="deal") == ["prompt/bank/deal:v1", "prompt/shop/deal:v1"]
    narrow = replace(ANN, scope=Scope(project=EVERYWHERE, actions=frozenset({"artifact.read"})))
    assert _found(_as(store, narrow), text="zanzipurr") == []
    assert len(_found(_as(store, narrow), text="deal")) == 2
