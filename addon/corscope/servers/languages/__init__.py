"""What do servers have in common that are configured in one language, and how is it written?"""
