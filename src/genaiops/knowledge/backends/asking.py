"""The few statements that every search sends, in the words of either database.

SQLAlchemy takes longer to write one of them than SQLite to answer it. SQLite gives up Python's lock for each
row that it reads, for which a busy process then waits: many small rows are asked for as one text.
"""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import
    from sqlalchemy import Connection

_WORDS = {
    "sqlite": {
        "value": "?",
        "among": "IN (SELECT value FROM json_each(?))",
        "pairs": "json_group_array(json_array(key, id))",
    },
    "postgresql": {
        "value": "%s",
        "among": "= ANY(%s)",
        "pairs": "CAST(coalesce(json_agg(json_build_array(key, id)), '[]') AS text)",
    },
}


Value = int | str | Collection[int] | Collection[str]


def rows(connection: "Connection", sql: str, table: str, *values: Value) -> list[tuple[Any, ...]]:
    """Return the rows of `sql` with these values, in their order.

    In it `{table}` stands for the name of the table, `{value}` for a value, `{among}` for one of several;
    `{pairs}` for the columns `key` and `id` of all rows as one JSON text.
    """
    from sqlalchemy.exc import DBAPIError  # 180 ms

    dialect = connection.dialect
    statement = sql.format(table=table, **_WORDS[dialect.name])
    given = tuple(_listed(dialect.name, value) for value in values)
    driver: Any = connection.connection.driver_connection
    failure: Any = dialect.loaded_dbapi.Error
    try:
        return cast("list[tuple[Any, ...]]", driver.execute(statement, given).fetchall())
    except failure as error:  # told as SQLAlchemy tells it, for whoever explains it
        raise DBAPIError.instance(statement, given, error, failure) from error


def _listed(dialect: str, value: Value) -> object:
    if isinstance(value, int | str):
        return value
    return json.dumps(list(value)) if dialect == "sqlite" else list(value)
