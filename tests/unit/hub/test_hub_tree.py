import pytest
from tests.unit.hub.hub_sample import ANN, KINDS, Clock, add_people, opened

from genaiops.hub import Edge, Hub, Walked, tree_lines


def walked(edges):
    return [Walked.of(edge) for edge in edges]


@pytest.fixture
def hub(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        add_people(store, Clock())
        yield Hub(store, KINDS, by=ANN)


def _version(hub, name, *parents, kind="prompt"):
    return hub.publish(kind, name, {"n": name}, parents=parents, activity="work")


def _names(lines):
    return [line.split("  ")[0].split(" ")[-1].strip("│├└─ ") for line in lines]


@pytest.mark.proves("C-LINEAGE-TREE")
def test_what_two_versions_share_is_drawn_once_and_named_where_it_comes_again(hub):
    shared = _version(hub, "shared", _version(hub, "root"))
    top = _version(hub, "top", _version(hub, "left", shared), _version(hub, "right", shared))
    lines = list(tree_lines(top, walked(hub.lineage(top.pinned)), down=False))
    assert [line.count("(above)") for line in lines if "shared" in line] == [0, 1]
    assert sum("prompt/root:v1" in line for line in lines) == 1
    assert lines[0].startswith("prompt/top:v1")
    assert lines[1].startswith("├── ")
    assert lines[-2].startswith("└── ")


@pytest.mark.proves("C-LINEAGE-TREE")
def test_a_tree_ends_after_so_many_lines_and_says_how_much_is_left(hub):
    top = _version(hub, "top", *(_version(hub, f"part-{number}") for number in range(9)))
    lines = list(tree_lines(top, walked(hub.lineage(top.pinned)), down=False, most=4))
    assert len(lines) == 5
    assert lines[-1].startswith("… and 6 more")


@pytest.mark.proves("C-LINEAGE-TREE")
def test_a_line_of_five_thousand_versions_is_drawn_like_any_other(hub):
    first = _version(hub, "first")
    from_one = [hub.publish("prompt", "first", {"n": number}) for number in range(3)]
    every = [first, *from_one]
    edges = [
        Edge(child=every[at % 4], parent=every[(at + 1) % 4], activity="work", at="") for at in range(5_000)
    ]
    assert len(list(tree_lines(first, walked(edges), down=False))) == 5


@pytest.mark.proves("C-LINEAGE-DEPTH")
def test_a_walk_ends_after_the_steps_that_were_asked_for(hub):
    third = _version(hub, "third")
    second = _version(hub, "second", third)
    first = _version(hub, "first", second)
    assert [edge.parent.name for edge in hub.lineage(first.pinned, depth=1)] == ["second"]
    assert len(hub.lineage(first.pinned, depth=2)) == len(hub.lineage(first.pinned, depth=9)) == 2
    assert [edge.child.name for edge in hub.lineage(third.pinned, "down", depth=1)] == ["second"]


@pytest.mark.proves("C-LINEAGE-DEPTH")
def test_a_walk_of_some_steps_takes_the_shortest_way(hub):
    end = _version(hub, "end")
    middle = _version(hub, "middle", end)
    start = _version(hub, "start", middle, end)
    names = {(edge.child.name, edge.parent.name) for edge in hub.lineage(start.pinned, depth=2)}
    assert names == {("start", "middle"), ("start", "end"), ("middle", "end")}
