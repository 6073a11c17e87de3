"""`python -m corscope` is the command `corscope`."""

from corscope.cli.main import main

main()
