from pathlib import Path

import pytest

from genaiops.core import Settings, UserError


def test_our_own_variables_win_over_xdg_and_home():
    env = {
        "GENAIOPS_CONFIG": "/a",
        "GENAIOPS_CACHE": "/b",
        "XDG_CONFIG_HOME": "/x",
        "XDG_CACHE_HOME": "/y",
        "HOME": "/h",
    }
    settings = Settings.from_env(env)
    assert (settings.config_dir, settings.cache_dir) == (Path("/a"), Path("/b"))


def test_xdg_folders_are_used_where_they_are_absolute():
    settings = Settings.from_env({"XDG_CONFIG_HOME": "/x", "XDG_CACHE_HOME": "relative", "HOME": "/h"})
    assert settings.config_dir == Path("/x/genaiops")
    assert settings.cache_dir == Path("/h/.cache/genaiops")


def test_an_empty_variable_counts_as_unset():
    assert Settings.from_env({"GENAIOPS_CONFIG": "", "HOME": "/h"}).config_dir == Path("/h/.config/genaiops")


def test_without_a_home_the_error_names_the_variable_to_set():
    with pytest.raises(UserError) as caught:
        Settings.from_env({})
    assert "GENAIOPS_CONFIG" in caught.value.fix
