"""The tables of one index, whose names begin with its prefix."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)


def passages_table(prefix: str, meta: MetaData) -> Table:
    """Return the table of every passage that was ever there, with the snapshots that it is in."""
    made = Table(
        f"{prefix}passages",
        meta,
        Column("key", BigInteger, primary_key=True, autoincrement=False),
        Column("id", Text, nullable=False),
        Column("document", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("length", Integer, nullable=False),
        Column("readers", Text, nullable=False),
        Column("born", Integer, nullable=False),
        Column("gone", Integer),
    )
    Index(f"{prefix}passages_id", made.c.id)
    Index(f"{prefix}passages_document", made.c.document)
    Index(f"{prefix}passages_name", made.c.name, made.c.readers, made.c.born, made.c.gone)
    return made


def sizes_table(prefix: str, meta: MetaData) -> Table:
    """Return the table of how much there is for whom, in each snapshot."""
    return Table(
        f"{prefix}sizes",
        meta,
        Column("number", Integer, primary_key=True),
        Column("readers", Text, primary_key=True),
        Column("passages", Integer, nullable=False),
        Column("length", BigInteger, nullable=False),
    )


def shapes_table(prefix: str, meta: MetaData) -> Table:
    """Return the table of which metadata keys there are for whom."""
    return Table(
        f"{prefix}shapes",
        meta,
        Column("shape", Text, primary_key=True),
    )


def snapshots_table(prefix: str, meta: MetaData) -> Table:
    """Return the table of the snapshots."""
    return Table(
        f"{prefix}snapshots",
        meta,
        Column("number", Integer, primary_key=True),
        Column("name", Text, nullable=False),
        Column("mark", Text, nullable=False),
        Column("passages", Integer, nullable=False),
        Column("documents", Integer, nullable=False),
        Column("length", BigInteger, nullable=False),
        Column("dimension", Integer, nullable=False),
    )


def withdrawn_table(prefix: str, meta: MetaData) -> Table:
    """Return the table of documents that nobody may find any more, and the last snapshot that had them."""
    return Table(
        f"{prefix}withdrawn",
        meta,
        Column("document", Text, primary_key=True),
        Column("last", Integer, nullable=False),
    )


def trust_table(prefix: str, meta: MetaData) -> Table:
    """Return the table of how far the embedder can be trusted, by script."""
    return Table(
        f"{prefix}trust",
        meta,
        Column("script", Text, primary_key=True),
        Column("value", Float, nullable=False),
    )
