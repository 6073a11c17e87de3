"""What does a person see and do in mitmproxy itself? Its views, and commands at its prompt."""
