"""What does a message of a browser's console tell, in any language? `paste` is the way in."""
