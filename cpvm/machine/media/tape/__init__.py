"""Reels of magnetic tape in host files."""
