"""What Alembic runs: the steps, on the connection and in the transaction it is given."""

from alembic import context

from lamppost.register.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: `database` sends the BEGIN that its driver does not
)
with context.begin_transaction():
    context.run_migrations()
