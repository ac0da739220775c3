"""What the service keeps, and how it reaches it: PostgreSQL and the cache."""
