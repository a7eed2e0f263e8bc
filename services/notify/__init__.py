"""Tells residents what happens, once, in their language, and takes their answer."""
