"""Tests of the adapter where it needs no running proxy."""
