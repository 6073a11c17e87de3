"""What is there to say of all exchanges of an endpoint together? `matrix` is the way in."""
