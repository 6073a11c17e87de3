"""Tests of the explain room: sentences, and nothing that steers a terminal."""
