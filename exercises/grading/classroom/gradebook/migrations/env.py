"""What Alembic runs the revisions with: the connection of whoever opens the gradebook.

It holds the write lock already, so that all revisions come in one transaction or not at all.
"""

from alembic import context

from exercises.grading.classroom.gradebook.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
