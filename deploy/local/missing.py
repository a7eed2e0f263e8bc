"""What a machine may lack, said in one plain line with the command that helps."""


class Missing(Exception):
    """Something this machine lacks or refuses; its text names the way out. Never a bug, so no traceback."""
