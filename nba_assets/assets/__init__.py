"""The asset graph: one module per group of assets; each asset is a function of frames."""
