"""What do the browsers' consoles print of a refusal? A module for each browser."""
