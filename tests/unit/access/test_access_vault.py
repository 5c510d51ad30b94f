"""A key for each person: what is sealed under it opens until it is destroyed, and then nowhere."""

import base64
import shutil
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from genaiops.access import LOCAL, Sealed, Vault, entries, note_use, prepare
from genaiops.core import Principal, Settings, UserError
from genaiops.store import Store
from genaiops.store.sqlite import SqliteDatabase

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
BY = Principal(id=LOCAL)


def settings_of(folder):
    return Settings(config_dir=folder / "config", cache_dir=folder / "cache", env={})


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


@pytest.fixture
def vault(store, tmp_path):
    return Vault(store.database, settings_of(tmp_path))


def subject(vault, name="anna@example.org"):
    return vault.subjects([name])[name]


def erase(vault, name="anna@example.org", by=BY):
    return vault.erase(by, name, reason="they asked", ticket="PRIV-1", at=AT)


def stored(store):
    """Every byte of the database, its write-ahead log included."""
    return b"".join(path.read_bytes() for path in store.path.glob("genaiops.db*"))


@pytest.mark.usefixtures("each_store")
@pytest.mark.proves("C-ERASE-SEALED")
def test_what_is_sealed_opens_again_and_does_not_stand_in_the_box(vault):
    sealed = vault.seal(subject(vault), b"my gout is back")
    assert b"gout" not in base64.b64decode(sealed.box)
    assert vault.open(sealed) == b"my gout is back"


@pytest.mark.usefixtures("each_store")
@pytest.mark.proves("C-ERASE-SEALED")
def test_equal_content_of_one_person_has_one_digest_and_of_two_people_two(vault):
    anna, bob = subject(vault), subject(vault, "bob")
    assert vault.seal(anna, b"yes") == vault.seal(anna, b"yes")
    assert vault.seal(anna, b"yes").digest != vault.seal(bob, b"yes").digest
    assert vault.seal(anna, b"yes").digest != vault.seal(anna, b"no").digest


@pytest.mark.proves("C-ERASE-SEALED")
def test_any_content_comes_back_as_it_was(tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    with Store.open(folder / ".genaiops") as store:
        vault = Vault(store.database, settings_of(folder))
        anna = subject(vault)

        @given(st.binary(min_size=1, max_size=300))
        def comes_back(content):
            assert vault.open(vault.seal(anna, content)) == content

        comes_back()


def test_a_changed_box_or_another_persons_is_refused(vault):
    anna, bob = subject(vault), subject(vault, "bob")
    sealed = vault.seal(anna, b"content")
    box = bytearray(base64.b64decode(sealed.box))
    box[3] ^= 1
    bad = [base64.b64encode(box).decode(), "", "!", sealed.box[:8]]
    for wrong in (*(Sealed(subject=anna, box=one) for one in bad), Sealed(subject=bob, box=sealed.box)):
        with pytest.raises(UserError) as caught:
            vault.open(wrong)
        assert caught.value.code == "GAO-ACCESS-052"


@pytest.mark.proves("C-ERASE-NAME")
def test_neither_name_nor_key_stands_in_the_store_and_the_secret_is_this_users_alone(vault, store, tmp_path):
    anna = subject(vault)
    vault.seal(anna, b"content")
    secret = tmp_path / "config" / "keys" / "vault.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(secret.read_bytes()) == 32
    content = stored(store)
    assert b"anna" not in content
    assert secret.read_bytes() not in content
    assert vault._key(anna) not in content  # the key itself, not wrapped


@pytest.mark.proves("C-ERASE-DESTROYED")
def test_after_the_erasure_nothing_opens_and_no_byte_of_the_wrapped_key_is_left(vault, store, tmp_path):
    anna, bob = subject(vault), subject(vault, "bob")
    mine, other = vault.seal(anna, b"content"), vault.seal(bob, b"other")
    with store.database.read() as connection:
        wrapped = connection.execute(
            sa.text("SELECT wrapped FROM vault_keys WHERE subject = :one"), {"one": anna}
        ).scalar_one()
    assert wrapped in stored(store)
    done = erase(vault)
    assert (done.subject, done.scrubbed) == (anna, True)
    assert wrapped[12:] not in stored(store)
    assert vault.open(mine) is None
    fresh = Vault(store.database, settings_of(tmp_path))
    assert fresh.open(mine) is None
    assert fresh.erased(anna)
    assert not fresh.erased(bob)
    assert fresh.open(other) == b"other"


@pytest.mark.proves("C-ERASE-DESTROYED")
def test_a_copy_of_the_wrapped_key_without_the_secret_opens_nothing(vault, store, tmp_path):
    sealed = vault.seal(subject(vault), b"content")
    for secret in (None, b"x" * 32):
        if secret is not None:
            (tmp_path / "elsewhere" / "config" / "keys").mkdir(parents=True)
            (tmp_path / "elsewhere" / "config" / "keys" / "vault.secret").write_bytes(secret)
        other = Vault(store.database, settings_of(tmp_path / "elsewhere"))
        assert other.open(sealed) is None
        with pytest.raises(UserError) as caught:
            other.seal(sealed.subject, b"more")
        assert caught.value.code == "GAO-ACCESS-053"


@pytest.mark.usefixtures("each_store")
@pytest.mark.proves("C-ERASE-TOMBSTONE")
def test_a_tombstone_stays_and_an_erased_person_gets_no_new_key(vault, store):
    anna = subject(vault)
    erase(vault)
    assert vault.subjects(["anna@example.org", "bob"])["anna@example.org"] is None
    with pytest.raises(UserError) as caught:
        vault.seal(anna, b"more")
    assert caught.value.code == "GAO-ACCESS-051"
    for change in ("DELETE FROM vault_tombstones", "UPDATE vault_tombstones SET subject = 'x'"):
        with pytest.raises(sa.exc.IntegrityError, match="a tombstone stays"), store.database.write() as db:
            db.exec_driver_sql(change)


@pytest.mark.usefixtures("each_store")
def test_a_lost_or_replaced_secret_never_makes_an_erased_person_new(vault, store, tmp_path):
    subject(vault)
    erase(vault)
    secret = tmp_path / "config" / "keys" / "vault.secret"
    kept = secret.read_bytes()
    for content in (None, b"x" * 32, b"short"):
        secret.unlink(missing_ok=True)
        if content is not None:
            secret.write_bytes(content)
        with pytest.raises(UserError) as caught:
            Vault(store.database, settings_of(tmp_path)).subjects(["anna@example.org"])
        assert caught.value.code == "GAO-ACCESS-053"
    secret.write_bytes(kept)
    assert subject(Vault(store.database, settings_of(tmp_path))) is None


@pytest.mark.usefixtures("each_store")
@pytest.mark.proves("C-ERASE-AUDITED")
def test_an_erasure_is_one_entry_with_the_pseudonym_and_says_what_rested_on_it(vault, store):
    anna = subject(vault)
    note_use(store.database, [anna, anna], "evidence/p/one:v1")
    note_use(store.database, [anna], "evidence/p/one:v1")
    assert erase(vault).rested == ("evidence/p/one:v1",)
    again = erase(vault)
    assert again.rested == ("evidence/p/one:v1",)
    with store.database.read() as connection:
        told = entries(connection, limit=10)
    assert [(one.action, one.subject) for one in told] == [("subject.erase", f"subject:{anna}")]
    assert told[0].details == {"reason": "they asked", "ticket": "PRIV-1"}
    assert "anna@" not in str(told)


def test_without_a_reason_a_right_or_a_key_nothing_is_erased(vault, store):
    anna = subject(vault)
    with pytest.raises(UserError) as caught:
        vault.erase(BY, "anna@example.org", reason=" ", ticket="T", at=AT)
    assert caught.value.code == "GAO-ACCESS-055"
    with pytest.raises(UserError) as caught:
        erase(vault, by=Principal(id="user:eve"))
    assert caught.value.code == "GAO-ACCESS-022"
    with pytest.raises(UserError) as caught:
        erase(vault, "nobody")
    assert caught.value.code == "GAO-ACCESS-054"
    assert "nobody" not in str(caught.value)
    assert not vault.erased(anna)
    with store.database.read() as connection:
        assert entries(connection, limit=10) == []


def test_asking_for_an_erasure_where_nothing_was_ever_sealed_makes_no_secret(vault, store, tmp_path):
    prepare(store.database)
    with pytest.raises(UserError) as caught:
        erase(vault)
    assert caught.value.code == "GAO-ACCESS-054"
    assert not (tmp_path / "config").exists()


def test_while_somebody_reads_the_log_cannot_be_scrubbed_and_a_second_erasure_does(tmp_path):
    settings = settings_of(tmp_path)
    with Store.open(tmp_path / ".genaiops") as store:
        subject(Vault(store.database, settings))
    reader = SqliteDatabase(tmp_path / ".genaiops" / "genaiops.db")
    database = SqliteDatabase(tmp_path / ".genaiops" / "genaiops.db", busy_seconds=0.1)
    vault = Vault(database, settings)
    with reader.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM vault_keys").scalar()
        assert not erase(vault).scrubbed
    assert erase(vault).scrubbed
    reader.close()
    database.close()


def test_a_store_copied_before_the_erasure_still_opens_with_the_secret(vault, store, tmp_path):
    """What a backup keeps, an erasure does not reach: the page on erasure says so."""
    sealed = vault.seal(subject(vault), b"content")
    store.database.scrub()
    shutil.copytree(store.path, tmp_path / "backup")
    erase(vault)
    with Store.open(tmp_path / "backup") as backup:
        assert Vault(backup.database, settings_of(tmp_path)).open(sealed) == b"content"
