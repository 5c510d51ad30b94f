"""Where a store keeps its things, as the environment says."""

import sys

import pytest

from genaiops.core import OutsideError, UserError
from genaiops.store import Store
from genaiops.store.postgres import shown

SECRET = "hunter2"


@pytest.mark.proves("C-STORE-EMBEDDED")
def test_without_settings_everything_is_in_the_folder(tmp_path):
    with Store.open(tmp_path, {}) as store:
        store.database.migrate("test", [])
        digest = store.blobs.put(b"here")
    assert (tmp_path / "genaiops.db").is_file()
    assert list(tmp_path.rglob(digest.partition(":")[2]))


@pytest.mark.proves("C-STORE-BAD-ADDRESS")
@pytest.mark.parametrize(
    "env",
    [
        {"GENAIOPS_DATABASE": f"mysql://me:{SECRET}@host/db"},
        {"GENAIOPS_DATABASE": f"me:{SECRET}"},
        {"GENAIOPS_DATABASE": f"postgresql://me:{SECRET}@host:port/db"},
        {"GENAIOPS_BLOBS": f"gs://me:{SECRET}@bucket"},
        {"GENAIOPS_BLOBS": f"s3:///{SECRET}"},
    ],
)
def test_an_address_that_names_no_store_is_refused_and_not_repeated(tmp_path, env):
    with pytest.raises(UserError) as caught:
        Store.open(tmp_path, env).database.migrate("test", [])
    assert caught.value.code == "GAO-STORE-014"
    assert caught.value.where in env
    assert SECRET not in str(caught.value)


@pytest.mark.proves("C-STORE-SECRET")
@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@127.0.0.1:1/db",
        f"postgresql://127.0.0.1:1/db?user=me&password={SECRET}",
        f"postgres://me:{SECRET}@127.0.0.1:1/db",
    ],
)
def test_no_password_is_in_an_error(tmp_path, address):
    store = Store.open(tmp_path, {"GENAIOPS_DATABASE": address})
    with pytest.raises(OutsideError) as caught:
        store.database.migrate("test", [])
    assert caught.value.code == "GAO-STORE-015"
    assert caught.value.where == shown(address) == "postgresql://127.0.0.1:1/db"
    assert SECRET not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.proves("C-STORE-BAD-EXTRA")
@pytest.mark.parametrize(
    ("module", "env", "extra"),
    [
        ("psycopg", {"GENAIOPS_DATABASE": "postgresql://host/db"}, "genaiops[postgres]"),
        ("obstore.store", {"GENAIOPS_BLOBS": "s3://bucket"}, "genaiops[s3]"),
    ],
)
def test_a_missing_library_is_one_line_that_says_which_install_brings_it(
    tmp_path, monkeypatch, module, env, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    store = Store.open(tmp_path, env)
    with pytest.raises(UserError) as caught:
        store.database.migrate("test", []) if "GENAIOPS_DATABASE" in env else store.blobs.put(b"x")
    assert caught.value.code == "GAO-STORE-013"
    assert extra in caught.value.fix
