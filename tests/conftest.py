"""What holds for all tests."""

from hypothesis import settings

# A test may take as long as it does on a busy machine; what hangs, CI ends.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
