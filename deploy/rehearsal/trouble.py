"""What may go wrong while people act or the auditor looks: one family, so that a drill can still be judged."""


class Trouble(Exception):
    """The play cannot go on, or went wrong; the text says what happened, where and to whom."""
