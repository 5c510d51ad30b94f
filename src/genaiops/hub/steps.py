"""The steps by which the Hub's tables came to be, in order; a step is never changed, only followed."""

from genaiops.hub import describing, events, imports, keeping, search, tables, uploads

STEPS = (
    tables.create,
    events.create,
    search.create,
    describing.create,
    keeping.create,
    imports.create,
    search.split,
    uploads.create,
)
