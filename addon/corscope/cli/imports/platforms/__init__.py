"""Which policies do clouds and hosts have, as their own files or a tool's say?"""
