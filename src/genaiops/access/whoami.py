"""Who somebody is here, and which roles they have."""

import sqlalchemy as sa

from genaiops.access.checks import LOCAL, enabled, has_users, held
from genaiops.access.model import WhoAmI
from genaiops.core import Principal


def who_is(connection: sa.Connection, by: Principal) -> WhoAmI:
    """Return what is known of the caller."""
    everything = not has_users(connection)
    return WhoAmI(
        id=by.id,
        enabled=everything or enabled(connection, by.id),
        everything=everything and by.id == LOCAL,
        grants=tuple(held(connection, by)),
    )
