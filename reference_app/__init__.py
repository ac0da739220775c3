"""The service: a users-and-orders HTTP API."""
