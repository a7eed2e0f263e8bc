"""Turns foreign text and files into our words; pure, but for the file that opens workbooks."""
