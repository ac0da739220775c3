"""The HTTP face of the service: routes, envelopes, schemas, documentation."""
