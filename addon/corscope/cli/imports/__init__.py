"""Which policy does a server's own configuration or code hold?

It is read, never run: each language has a module that turns a file into a tree of plain values,
and each family of servers one that finds the CORS options in such trees and reads them.
"""
