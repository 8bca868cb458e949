"""The front door's rooms: the first directory, the start of a system, and what each subcommand of `cpvm` does."""
