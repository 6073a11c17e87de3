"""How do the libraries answer that applications are written with? A dialect a module."""
