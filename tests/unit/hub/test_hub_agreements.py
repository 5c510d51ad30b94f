import pytest
from tests.unit.hub.hub_sample import BEN, RITA, Place, opened

from genaiops.core import Principal, UserError
from genaiops.hub import Governance
from genaiops.hub.agreements import page


@pytest.fixture
def place(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        yield Place(store)


@pytest.mark.proves("C-HUB-AGREEMENTS")
def test_the_page_names_who_does_what_and_what_must_hold_in_the_words_of_the_policy(place):
    version = place.govern(measured="evidence.pass == 1", approved="approvals.risk >= 1")
    text = page(place.governance.agreements())
    assert f"Policy `{version.reference}`." in text
    assert "| review: approve exactly one version | reviewer, risk | user:ann, user:ben, user:rita |" in text
    assert "## Before a version of `app` becomes `prod`" in text
    assert "- **measured**: `evidence.pass == 1`" in text
    assert "`approvals.risk`: how many people approved exactly this version as risk" in text


@pytest.mark.proves("C-HUB-AGREEMENTS")
def test_the_page_follows_the_policy_in_force(place):
    assert "No policy is in force" in page(place.governance.agreements())
    place.govern(approved="approvals.risk >= 1")
    place.govern(approved="approvals.risk >= 2")
    text = page(place.by(BEN).agreements())
    assert "approvals.risk >= 2" in text
    assert "approvals.risk >= 1" not in text


@pytest.mark.proves("C-HUB-AGREEMENTS")
def test_a_policy_cannot_write_into_the_page_what_is_none_of_its_words(place):
    place.govern(**{"a |\n# b": "approvals.risk >= 1"})
    assert "\n# b" not in page(place.by(RITA).agreements())


@pytest.mark.proves("C-HUB-AGREEMENTS")
def test_a_stranger_does_not_learn_who_works_here(place):
    with pytest.raises(UserError, match="GAO-ACCESS-022"):
        Governance(place.store, by=Principal(id="user:eve")).agreements()
