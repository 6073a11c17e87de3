"""What would a rule make of recorded exchanges? `compare` is the way in."""
