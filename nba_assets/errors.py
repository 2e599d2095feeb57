"""The errors that users read: each message names what failed, the value and the next step."""


class ProjectError(Exception):
    """An error that the user can fix, or that passes with time."""


class SettingsError(ProjectError):
    """An environment variable or an option has an invalid value."""


class SourceError(ProjectError):
    """A source failed; the message names the source, the week, day or team, the reason and the next step."""


class SourceUnavailable(SourceError):
    """A host gave no usable response despite several retries; a later attempt may succeed."""


class UnreadableReport(SourceError):
    """An injury report is not a complete PDF, is too large, or lacks the title or the column headings."""


class WarehouseError(ProjectError):
    """A read or write failed; the message names the table or file and the next step."""


class WarehouseUnavailable(WarehouseError):
    """The warehouse was busy or unreachable until the wait timed out; a later attempt may succeed."""


class SchemaError(ProjectError):
    """A frame does not fit its table; the message names table, column, row and value."""


class BadRow(ProjectError):
    """A row holds an invalid value; the message names table, game, player and value."""


class ArtifactError(ProjectError):
    """A stored model is unusable; the message names the model, the reason and what to materialize."""


class PoolError(ProjectError):
    """A step waited too long for another run; the message names both and the pool."""
