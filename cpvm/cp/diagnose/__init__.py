"""DIAGNOSE codes, one file each."""
