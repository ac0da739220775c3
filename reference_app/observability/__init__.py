"""What the service says about its own work."""
