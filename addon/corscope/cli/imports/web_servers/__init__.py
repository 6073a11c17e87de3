"""Which policy do servers and proxies have, as their own configuration says?"""
