"""What Debian brings: libraries for Go, Ruby and Java."""
