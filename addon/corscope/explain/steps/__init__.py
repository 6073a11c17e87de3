"""By which steps of the standard does an exchange come to its verdict? `walk` is the way in."""
