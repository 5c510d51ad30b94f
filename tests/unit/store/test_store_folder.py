import stat

import pytest

from genaiops.core import OutsideError, UserError
from genaiops.store import Store, find_store


def test_a_new_store_is_private_and_ignores_itself_in_git(tmp_path):
    with Store.open(tmp_path / ".genaiops") as store:
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o700
        assert (store.path / ".gitignore").read_text() == "*\n"
        assert {"blobs", "indexes", "trees"} <= {path.name for path in store.path.iterdir()}


def test_opening_twice_changes_nothing(tmp_path):
    with Store.open(tmp_path / ".genaiops") as first:
        digest = first.blobs.put(b"x")
    with Store.open(tmp_path / ".genaiops") as second:
        assert second.blobs.get(digest) == b"x"


def test_a_file_in_the_place_of_the_store_is_the_users_to_move(tmp_path):
    (tmp_path / ".genaiops").write_text("")
    with pytest.raises(UserError) as caught:
        Store.open(tmp_path / ".genaiops")
    assert caught.value.code == "GAO-STORE-002"


@pytest.mark.parametrize("marker", ["genaiops.yaml", ".genaiops"])
def test_the_store_is_found_from_a_folder_deep_in_the_project(tmp_path, marker):
    deep = tmp_path / "src/app"
    deep.mkdir(parents=True)
    if marker.endswith(".yaml"):
        (tmp_path / marker).write_text("project: x\n")
    else:
        (tmp_path / marker).mkdir()
    assert find_store(deep) == tmp_path / ".genaiops"


def test_outside_a_project_the_error_says_how_to_make_one(tmp_path):
    with pytest.raises(UserError) as caught:
        find_store(tmp_path)
    assert "genaiops init" in caught.value.fix


def test_a_lock_is_refused_while_held_and_free_afterwards(tmp_path):
    with Store.open(tmp_path / ".genaiops") as store:
        with store.lock("run"), pytest.raises(OutsideError) as caught, store.lock("run"):
            pass
        assert caught.value.code == "GAO-STORE-008"
        with store.lock("run"), store.lock("other"):
            pass
