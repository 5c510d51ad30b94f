import pytest
from tests.unit.hub.contents_sample import Shelf, write
from tests.unit.hub.hub_sample import ANN, opened

from genaiops.access import EVERYWHERE, entries, people
from genaiops.access.model import Grant
from genaiops.arena import KINDS
from genaiops.core import Principal, UserError
from genaiops.hub import Hub, Retention

EVE = Principal(id="user:eve")

pytestmark = pytest.mark.usefixtures("each_way")


@pytest.fixture
def shelf(tmp_path):
    """A Hub with a blob that is personal, and eve, who may read what is not sensitive."""
    with opened(tmp_path / ".genaiops") as store:
        shelf = Shelf(store)
        with store.database.write() as connection:
            people.add(connection, ANN, EVE.id, shelf.clock())
            people.grant(
                connection, ANN, Grant(subject=EVE.id, project=EVERYWHERE, role="viewer"), shelf.clock()
            )
        shelf.contents.push(
            "blob/people", [write(tmp_path / "in", a__txt="Jane")], described={"sensitivity": "personal"}
        )
        yield shelf


def readings(shelf):
    with shelf.store.database.read() as connection:
        return [
            each.actor for each in entries(connection, limit=50) if each.action == "artifact.read_sensitive"
        ]


@pytest.mark.proves("C-HUB-SENSITIVE")
def test_who_may_reads_it_and_each_reading_is_one_entry(shelf, tmp_path):
    assert readings(shelf) == []
    assert shelf.hub.get("blob/people").manifest
    assert readings(shelf) == [ANN.id]
    shelf.contents.export(None, tmp_path / "all.tar")
    assert readings(shelf) == [ANN.id] * 2
    shelf.contents.pull("blob/people", tmp_path / "out")
    assert readings(shelf) == [ANN.id] * 4, "the list of its files, and its one file"


@pytest.mark.proves("C-HUB-SENSITIVE")
def test_who_may_not_finds_its_name_and_nothing_of_it(shelf, tmp_path):
    hub, contents = Hub(shelf.store, KINDS, by=EVE), shelf.client(EVE)
    assert [(each.name, each.manifest) for each in hub.list("blob")] == [("people", {})]
    for read in (
        lambda: hub.get("blob/people"),
        lambda: hub.diff("blob/people", "blob/people"),
        lambda: contents.pull("blob/people", tmp_path / "out"),
        lambda: contents.export(None, tmp_path / "all.tar"),
    ):
        with pytest.raises(UserError, match="GAO-ACCESS-024"):
            read()
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "all.tar").exists()
    assert readings(shelf) == []


@pytest.mark.proves("C-HUB-SENSITIVE")
def test_a_viewer_imports_describes_and_prunes_nothing(shelf, tmp_path):
    contents = shelf.client(EVE)
    shelf.contents.export(None, tmp_path / "all.tar")
    for change in (
        lambda: contents.import_(tmp_path / "all.tar"),
        lambda: Hub(shelf.store, KINDS, by=EVE).describe("blob/people", sensitivity="public"),
        lambda: contents.prune(Retention()),
    ):
        with pytest.raises(UserError, match="GAO-ACCESS-024"):
            change()
    assert shelf.hub.get("blob/people").described["sensitivity"] == "personal"


@pytest.mark.proves("C-HUB-SENSITIVE")
def test_comparing_reads_each_of_the_two_once_and_what_is_live_shows_no_manifest(shelf):
    first = shelf.hub.get("blob/people")
    before = len(readings(shelf))
    shelf.hub.diff(first, first)
    assert len(readings(shelf)) == before, "who has read both is not written down again"
    shelf.governance.move("blob/people", "prod", first.reference, read=None)
    assert shelf.governance.live("blob/people", "prod").manifest == {}


@pytest.mark.proves("C-HUB-AUDIT")
def test_saying_something_by_publishing_again_is_an_entry_of_its_own_kind(shelf):
    for _ in range(2):
        shelf.hub.publish(
            "scorer", "tone", {"name": "tone", "model": "m", "rubric": "r"}, described={"owner": "ann"}
        )
    shelf.hub.publish(
        "scorer", "tone", {"name": "tone", "model": "m", "rubric": "r"}, described={"owner": "ben"}
    )
    with shelf.store.database.read() as connection:
        found = [each.action for each in entries(connection, limit=50) if each.subject == "scorer/tone:v1"]
    assert found == ["artifact.describe", "artifact.publish"]
