"""What Alembic runs: the steps, on the connection and in the transaction it is given."""

from alembic import context

from lamppost.register.records.tables import audit

# `migrate` has begun the transaction, on SQLite too, where the driver alone would not.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=audit.metadata
)
with context.begin_transaction():
    context.run_migrations()
