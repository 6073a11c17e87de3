"""Which origins does a pattern or a regex allow, as each server reads it, and in how long?"""
