"""Tests against a real mitmdump with the script: raw bytes in, raw bytes out."""
