"""Files and messages between systems: store and forward over links, as RSCS does it on VM/370."""
