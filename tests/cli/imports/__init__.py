"""What servers have, as a rule file: `corscope import`."""
