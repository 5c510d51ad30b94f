import pytest
from tests.unit.hub.hub_sample import Place

from genaiops.core import KINDS
from genaiops.store import Store

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def hub(tmp_path):
    with Store.open(tmp_path / ".genaiops") as store:
        yield Place(store).hub


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
