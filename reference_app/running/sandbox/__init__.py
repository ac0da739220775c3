"""A back end for code that nobody vouches for: containers it cannot reach out of.

backend       SandboxBackend: servers of its own, one container for each learner
container     what that container may and may not do
room          the container of the present learner, and the one that warms up for the next
servers       PostgreSQL and Valkey that only submissions use
forwarder     the only way in; nothing goes out
databases     a database, a role and an observer for each service
cache_users   a cache user for each service
"""
