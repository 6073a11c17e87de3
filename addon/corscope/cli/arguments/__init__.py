"""What do the words mean that commands take? Files, rules, exchanges, browsers and kinds."""
