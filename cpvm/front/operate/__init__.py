"""The operator of a bare machine: at a keyboard or as a script, with a console and the machine's panel."""
