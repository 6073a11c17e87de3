"""Tests of the journal room: nothing here knows a proxy, a file or a clock."""
