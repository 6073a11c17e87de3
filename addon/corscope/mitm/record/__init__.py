"""What came of each exchange, and where is that told? `recorder` is the way in."""
