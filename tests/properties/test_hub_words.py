"""Both stores find the same versions, whatever the words, accents and joints of texts and questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import stores

from genaiops.core import KindSpec, Principal
from genaiops.hub import Hub, diff_json
from genaiops.store import Store

KIND = KindSpec(
    kind="prompt", schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset()
)
WORDS = [
    "refund", "refunds", "re", "Größe", "GRÖSSE", "größe", "café", "CAFE\u0301", "look_up", "look", "up",
    "look_", "_up", "_", "naïve", "x1", "1", "3.14", "a-b", "straße", "strasse", "Ångström", "ångstrom",
    "Привет", "привет", "日本語", "日本", "ﬁne", "fine", "it's", "e\u0301", "İstanbul", "istanbul", "½", "x²",
]  # fmt: skip
TEXTS = [" ".join(WORDS[start::step]) for step in (2, 3, 5, 7) for start in range(step)]


@pytest.fixture(scope="module")
def hubs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hubs")
    with Store.open(folder / "one", {}) as one, Store.open(folder / "two", stores.remote()) as two:
        both = [Hub(store, [KIND], by=Principal(id="local")) for store in (one, two)]
        for hub in both:
            for number, text in enumerate([*WORDS, *TEXTS]):
                hub.publish("prompt", f"p{number}", {"text": text}, labels={"team": f"t{number % 3}"})
        yield both


@pytest.mark.proves("C-STORE-SEARCH")
@given(
    words=st.lists(
        st.sampled_from(
            [*WORDS, "b", "t", "grö", "gro", "CAF", "lookup", "up_look", "", "team", "p1", "pri", "日"]
        ),
        min_size=1,
        max_size=3,
    ),
    cut=st.integers(0, 2),
)
def test_both_stores_find_the_same(hubs, words, cut):
    text = " ".join(words)
    text = text[: len(text) - cut]
    one, two = ([version.short for version in hub.artifacts(text=text)] for hub in hubs)
    assert one == two


@pytest.mark.proves("C-STORE-SEARCH")
def test_a_version_with_more_words_than_postgres_keeps_is_published_and_found_by_its_first(hubs):
    for hub in hubs:
        many = " ".join(f"word{number}" for number in range(200_000))
        hub.publish("prompt", "long", {"text": f"beginning {many} {'x' * 5_000}"})
        assert [version.name for version in hub.artifacts(text="beginning word777")] == ["long"]
