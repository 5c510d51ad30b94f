"""Where work runs and how it is watched: concurrent items, child processes, progress, the terminal.

`AsyncRunner` bounds what runs at once, `ChildProcess` runs foreign code that must be killable, `Console` is
the one place that writes to the terminal and `Progress` the one progress bar.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.work.channel import child_channel
    from genaiops.work.child import ChildProcess
    from genaiops.work.console import Console
    from genaiops.work.environment import child_environment, install_environment
    from genaiops.work.limits import Limits
    from genaiops.work.progress import Progress
    from genaiops.work.runner import AsyncRunner

__all__ = [
    "AsyncRunner",
    "ChildProcess",
    "Console",
    "Limits",
    "Progress",
    "child_channel",
    "child_environment",
    "install_environment",
]

__getattr__ = attach(
    __name__,
    {
        "AsyncRunner": "runner",
        "ChildProcess": "child",
        "Console": "console",
        "Limits": "limits",
        "Progress": "progress",
        "child_channel": "channel",
        "child_environment": "environment",
        "install_environment": "environment",
    },
)
