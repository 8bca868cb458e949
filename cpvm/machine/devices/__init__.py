"""Device types, one file each."""
