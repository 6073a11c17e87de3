"""How do libraries of CORS take their options, as the code that calls them gives them?"""
