"""Each check with the SQL that measures it, and how a table is measured and evaluated."""
