"""What do the browsers' caches hold, of preflights and of answers, and is that still good?"""
