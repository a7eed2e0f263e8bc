"""Baimi's own search: takes some orders out of neighbouring rounds and puts them back better, again and again."""
