"""What is said of each reason and each finding? A module for each part of the way to a verdict.

All articles are put together in `catalogue`.
"""
