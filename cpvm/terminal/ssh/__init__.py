"""Terminals by ssh. Needs asyncssh (the extra `ssh`); `cpvm.front.services.ssh` joins it to a system."""
