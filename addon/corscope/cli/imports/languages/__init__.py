"""What values does a file hold, without running it? By the language that it is written in."""
