"""Who runs this process."""

import os
import pwd

from genaiops.access.names import is_name


def login() -> str:
    """Return who runs this process, as the operating system says: no variable can change it."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name.lower()
    except KeyError:  # a container without a list of users
        return f"uid-{number}"
    return name if is_name(name) else f"uid-{number}"
