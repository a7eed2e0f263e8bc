"""What tests of several services share; never imported by production code."""
