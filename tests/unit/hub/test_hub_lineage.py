import threading

import pytest
from tests.support.access import LOCAL
from tests.unit.hub.hub_sample import empty

from genaiops.core import KindSpec, UserError
from genaiops.hub import Hub, diff_json
from genaiops.store import Store

pytestmark = pytest.mark.usefixtures("each_store")


def _kind(kind):
    return KindSpec(
        kind=kind, schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset()
    )


KINDS = [_kind(kind) for kind in ("corpus", "index", "app", "evidence")]


@pytest.fixture
def store(tmp_path):
    with empty(tmp_path / ".genaiops") as opened:
        yield opened


@pytest.fixture
def hub(store):
    return Hub(store, KINDS, by=LOCAL)


def _chain(hub):
    corpus = hub.publish("corpus", "docs", {"n": 1})
    with hub.activity("index build") as act:
        act.use(corpus)
        index = act.produce("index", "docs", {"n": 1})
    with hub.activity("arena run") as act:
        act.use(index)
        act.use(hub.publish("app", "bot", {"n": 1}))
        return act.produce("evidence", "qa", {"n": 1})


def _pairs(edges):
    return {(edge.child.short, edge.parent.short, edge.activity) for edge in edges}


def test_lineage_walks_back_to_every_input(hub):
    _chain(hub)
    assert _pairs(hub.lineage("evidence/qa")) == {
        ("evidence/qa:v1", "index/docs:v1", "arena run"),
        ("evidence/qa:v1", "app/bot:v1", "arena run"),
        ("index/docs:v1", "corpus/docs:v1", "index build"),
    }


def test_lineage_walks_on_to_everything_made_from_a_version(hub):
    _chain(hub)
    assert _pairs(hub.lineage("corpus/docs", "down")) == {
        ("index/docs:v1", "corpus/docs:v1", "index build"),
        ("evidence/qa:v1", "index/docs:v1", "arena run"),
    }


def test_only_what_was_used_before_becomes_a_parent(hub):
    with hub.activity("work") as act:
        first = act.produce("index", "early", {})
        act.use(hub.publish("corpus", "docs", {}))
        act.produce("index", "late", {})
    assert hub.lineage(first.reference) == []
    assert _pairs(hub.lineage("index/late")) == {("index/late:v1", "corpus/docs:v1", "work")}


def test_publishing_the_same_again_adds_the_new_edges_only(hub):
    first, second = hub.publish("corpus", "a", {}), hub.publish("corpus", "b", {})
    hub.publish("index", "docs", {}, parents=[first])
    hub.publish("index", "docs", {}, parents=[first, second])
    hub.publish("index", "docs", {}, parents=[first, second])
    edges = hub.lineage("index/docs")
    assert sorted(edge.parent.name for edge in edges) == ["a", "b"]


def test_a_version_is_never_its_own_parent(hub):
    version = hub.publish("corpus", "docs", {})
    hub.publish("corpus", "docs", {}, parents=[version])
    assert hub.lineage("corpus/docs") == []


@pytest.mark.proves("C-BAD-CIRCLE")
def test_a_parent_that_was_made_from_its_child_is_refused(hub):
    first = hub.publish("corpus", "docs", {"n": 1})
    second = hub.publish("corpus", "docs", {"n": 2}, parents=[first])
    third = hub.publish("corpus", "docs", {"n": 3}, parents=[second])
    with pytest.raises(UserError) as caught:
        hub.publish("corpus", "docs", {"n": 1}, parents=[third])
    assert caught.value.code == "GAO-HUB-009"
    assert hub.lineage("corpus/docs:v1") == []


def test_an_activity_leaves_out_what_was_made_from_equal_content(hub):
    first = hub.publish("corpus", "docs", {"n": 1})
    other = hub.publish("corpus", "other", {})
    index = hub.publish("index", "docs", {}, parents=[first])
    with hub.activity("again") as act:
        act.use(index)
        act.use(other)
        assert act.produce("corpus", "docs", {"n": 1}) == first
    assert [edge.parent for edge in hub.lineage("corpus/docs")] == [other]


def test_an_activity_ends_with_its_block(hub):
    with hub.activity("work") as act:
        pass
    with pytest.raises(RuntimeError, match="has ended"):
        act.produce("corpus", "docs", {})


def test_threads_that_publish_at_once_get_numbers_without_a_gap(hub):
    threads = [
        threading.Thread(target=lambda n=n: hub.publish("corpus", "docs", {"n": n})) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(version.number for version in hub.list("corpus")) == list(range(1, 13))


def test_what_is_published_is_there_after_opening_the_store_again(hub, store):
    evidence = _chain(hub)
    before = _pairs(hub.lineage("evidence/qa"))
    store.close()
    with Store.open(store.path) as again:
        reopened = Hub(again, (), by=LOCAL)
        assert reopened.get("evidence/qa") == evidence
        assert _pairs(reopened.lineage("evidence/qa")) == before
