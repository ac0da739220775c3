"""How a gradebook gets from one version to the next: one numbered file in `versions/` each."""
