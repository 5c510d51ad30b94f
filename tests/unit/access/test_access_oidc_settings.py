"""What may stand in `access/oidc.yaml`."""

from pathlib import Path

import pytest

from genaiops.access.oidc.settings import load_oidc
from genaiops.core import Settings, UserError

GOOD = """
issuer: https://login.example.org/realms/main
client_id: genaiops
client_secret: {env: OIDC_SECRET}
redirect: https://ai.example.org/api/oidc/callback
roles:
  - {group: risk-team, role: risk, project: support}
"""


def load(folder: Path, text: str, **env: str):
    (folder / "access").mkdir(exist_ok=True)
    (folder / "access" / "oidc.yaml").write_text(text, encoding="utf-8")
    return load_oidc(Settings(config_dir=folder, cache_dir=folder, env=env))


@pytest.mark.proves("C-OIDC-SETTINGS")
def test_the_secret_comes_from_the_environment_or_a_file_and_is_not_shown(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD, OIDC_SECRET="hunter2")
    assert found is not None
    assert found.secret == "hunter2"
    assert "hunter2" not in repr(found)
    (tmp_path / "access" / "secret").write_text("hunter3\n")
    again = load(tmp_path, GOOD.replace("env: OIDC_SECRET", "file: secret"))
    assert again is not None
    assert again.secret == "hunter3"


@pytest.mark.proves("C-OIDC-SETTINGS")
def test_without_the_file_there_is_no_provider(tmp_path: Path) -> None:
    assert load_oidc(Settings(config_dir=tmp_path, cache_dir=tmp_path, env={})) is None


@pytest.mark.proves("C-OIDC-SETTINGS", "C-OIDC-GROUPS")
@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("role: risk", "role: admin", "without allow_admin"),
        ("https://login", "http://login", "https URL"),
        ("issuer: https://login.example.org", "issuer: https://login.example.org?x=1", "no query"),
        ("https://ai.example.org/api/oidc/callback", "https://ai.example.org/", "/api/oidc/callback"),
        ("https://ai.example.org/api", "http://ai.example.org/api", "https URL"),
        ("{env: OIDC_SECRET}", "{env: NOT_SET}", "NOT_SET is empty"),
        ("{env: OIDC_SECRET}", "{env: OIDC_SECRET, file: x}", "either env or file"),
        ("{env: OIDC_SECRET}", "{file: not-there}", "No such file"),
        ("{env: OIDC_SECRET}", "hunter2", "dictionary"),
        ("project: support", "project: ../x", "small letters"),
        ("role: risk", "role: king", "viewer"),
        ("client_id: genaiops", "clientid: genaiops", "client_id"),
        ("client_id: genaiops", "client_id: [", "expected"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_error(before: str, after: str, says: str, tmp_path: Path) -> None:
    assert before in GOOD
    with pytest.raises(UserError) as caught:
        load(tmp_path, GOOD.replace(before, after), OIDC_SECRET="x")
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.proves("C-OIDC-GROUPS")
def test_admin_is_given_by_groups_only_where_it_is_written(tmp_path: Path) -> None:
    text = GOOD.replace("role: risk", "role: admin") + "allow_admin: true\n"
    found = load(tmp_path, text, OIDC_SECRET="x")
    assert found is not None
    assert found.file.roles[0].role == "admin"
