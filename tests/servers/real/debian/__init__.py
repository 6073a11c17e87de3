"""What Debian brings: proxies, and libraries for Go, Ruby and Java."""
