"""A day's users: terminals, what is typed at them, what must come back, and a ledger of what the system has promised."""
