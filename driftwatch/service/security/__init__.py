"""Tokens, limits of requests and connections, allowed hosts."""
