"""What does the journal's file look like? Its lines, written and read again."""
