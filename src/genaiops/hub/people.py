"""Who acts on a Hub that lies in a folder: whoever the operating system says is sitting here."""

import getpass
import os

from genaiops.core import Principal


def local_user() -> Principal:
    """Return the user of this machine by name, by number where the system has no name for it.

    It is the user's word (`LOGNAME`, `USER`): a folder has nobody to prove it to.
    """
    try:
        return Principal(id=getpass.getuser())
    except (KeyError, OSError):  # a container may run under a number that nobody has named
        return Principal(id=f"uid-{os.getuid()}")
