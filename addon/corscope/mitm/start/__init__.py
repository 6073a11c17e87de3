"""How are mitmproxy and a browser started, and how does the one reach the other?"""
