"""The control program and the machine it shares out: IBM's VM/370 anew."""
