"""What Alembic runs: the revisions, on the connection that `database.py` hands over."""

from __future__ import annotations

from alembic import context

from hustings.web.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
