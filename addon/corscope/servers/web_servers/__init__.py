"""How do web servers and proxies answer that stand before applications? A dialect a module."""
