"""Stand-alone programs that test the machine from inside."""
