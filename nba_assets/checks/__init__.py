"""Each check beside the SQL that measures it, and how a table is measured and judged."""
