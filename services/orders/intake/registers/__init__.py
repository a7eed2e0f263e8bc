"""Reads household registers (台账) as offices keep them: workbooks and CSV files."""
