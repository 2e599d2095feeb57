"""Every error this project raises for a person to read: each message names what failed, the value and the next step."""


class ProjectError(Exception):
    """What a person can mend, or wait out."""


class SettingsError(ProjectError):
    """A setting of the environment cannot be used."""


class SourceError(ProjectError):
    """A source failed; the message says which, for what (week, day, team), why, and what to do next."""


class SourceUnavailable(SourceError):
    """A host that was asked several times gave no usable answer; it may later."""


class UnreadableReport(SourceError):
    """What should be an injury report is no whole PDF, is too large, or lacks the title or the column headings."""


class WarehouseError(ProjectError):
    """The warehouse could not do what was asked; the message names table or file and the next step."""


class WarehouseUnavailable(WarehouseError):
    """The warehouse was busy or not reached for as long as could be waited; it may be there again later."""


class SchemaError(ProjectError):
    """A frame does not fit its table; the message names table, column, row and value."""


class BadRow(ProjectError):
    """A row holds a value that cannot be computed with; the message names table, game, player and value."""


class ArtifactError(ProjectError):
    """A stored model cannot be used; the message names it, what is wrong, and what to materialize."""
