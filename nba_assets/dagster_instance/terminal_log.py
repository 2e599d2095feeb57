"""The log of a run in a terminal: short lines; the full log is in Dagit."""

import logging
import sys

import dagster as dg


class _Short(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        return f"{self.formatTime(record, '%H:%M:%S')} {meta.get('orig_message') or record.getMessage()}"


@dg.logger({"log_level": dg.Field(str, default_value="INFO")}, description="Short lines on standard error.")
def terminal_logger(context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("nba_assets", level=context.logger_config["log_level"])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Short())
    logger.addHandler(handler)
    return logger
