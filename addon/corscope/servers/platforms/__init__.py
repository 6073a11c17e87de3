"""How do the clouds' storage services and gateways answer? A dialect a module."""
