"""The service against its promises, over HTTP, one file for each letter."""
