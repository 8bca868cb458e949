"""Terminals in a browser: pages with a 3270, each connected by a WebSocket, and a page for the operator.

`server.WebServer` is the listener. aiohttp is imported here and nowhere else.
"""
