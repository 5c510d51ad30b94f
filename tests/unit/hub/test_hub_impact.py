import pytest
from tests.unit.hub.hub_sample import Place, opened

from genaiops.hub import impact_lines, impact_of

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]


@pytest.fixture
def place(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        yield Place(store)


def _impact(place, ref):
    root = place.hub.get(ref)
    edges = place.hub.lineage(root.pinned, "down")
    found = place.governance.recomputed({e.child.reference: e.child for e in edges}.values())
    return impact_of([root], edges, place.governance.aliases(), found)


def _shop(place):
    prompt = place.hub.publish("prompt", "answer", {"n": 1})
    return prompt, place.hub.publish("app", "bot", {"n": 1}, parents=[prompt])


@pytest.mark.proves("C-IMPACT")
def test_a_version_is_live_through_the_aliases_of_what_was_made_from_it(place):
    _, app = _shop(place)
    assert _impact(place, "prompt/answer").live_as == ()
    place.governance.move("app/bot", "prod", app.reference, read=None)
    found = _impact(place, "prompt/answer")
    assert found.live_as == ("app/bot:prod",)
    assert found.affected["app"][0].aliases == ("app/bot:prod",)
    lines = "\n".join(impact_lines(found))
    assert "live: app/bot:prod" in lines
    assert "app/bot:v1  [prod]" in lines


@pytest.mark.proves("C-IMPACT")
def test_an_alias_of_another_version_makes_nothing_live(place):
    _shop(place)
    other = place.hub.publish("app", "bot", {"n": 2})
    place.governance.move("app/bot", "prod", other.reference, read=None)
    assert _impact(place, "prompt/answer").live_as == ()


@pytest.mark.proves("C-IMPACT-VERDICTS")
def test_a_verdict_is_named_with_whose_word_it_is(place):
    _, app = _shop(place)
    place.evidence("believed", app)
    place.evidence("forged", app, accepted=False, why="changed", outcome=None)
    place.hub.publish("evidence", "elsewhere", {"outcome": "pass"}, parents=[app])
    found = {
        each.version.split(":")[0]: each.verdict
        for each in _impact(place, "prompt/answer").affected["evidence"]
    }
    assert (found["evidence/believed"].outcome, found["evidence/believed"].standing) == ("pass", "recomputed")
    assert (found["evidence/forged"].outcome, found["evidence/forged"].standing) == (None, "rejected")
    assert (found["evidence/elsewhere"].outcome, found["evidence/elsewhere"].standing) == ("pass", "stated")
    assert "evidence/elsewhere:v1  pass (stated)" in "\n".join(impact_lines(_impact(place, "prompt/answer")))


@pytest.mark.proves("C-IMPACT")
def test_what_is_deprecated_is_said_and_what_nothing_rests_on_too(place):
    _, app = _shop(place)
    place.governance.deprecate(app.reference, reason="old")
    assert "DEPRECATED" in "\n".join(impact_lines(_impact(place, "prompt/answer")))
    assert "nothing rests on it" in "\n".join(impact_lines(_impact(place, "app/bot")))
