"""A program of one file that plays a recorded failure back: `program` is the way in."""
