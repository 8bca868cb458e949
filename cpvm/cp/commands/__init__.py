"""CP commands, one file each."""
