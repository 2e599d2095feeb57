"""The errors that sources raise when they cannot give what they were asked for."""


class SourceError(Exception):
    """A source failed; the message says which, for what (week, day, team), why, and what to do next."""


class NoAnswer(SourceError):
    """A host that was asked several times gave no usable answer; it may later."""


class UnreadableReport(SourceError):
    """What should be an injury report is no whole PDF, is too large, or lacks the title or the column headings."""
