"""Random programs in the machine and in Hercules: not part of the test suite."""
