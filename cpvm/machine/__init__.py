"""One virtual System/370: everything that has state."""
