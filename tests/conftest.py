"""What holds for all tests."""

import signal

from hypothesis import settings

# A test may take as long as it does on a busy machine; what hangs, CI ends.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell without job control has what it puts in the background ignore Ctrl-C, and all that the
# tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
