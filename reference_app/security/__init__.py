"""Who is calling, what they may do, and what is refused before anybody looks."""
