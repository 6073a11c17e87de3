"""What do exchanges share? It is found out once, and known by sight the next time."""
