"""The graph: one module a group of assets, each an asset as a function of frames."""
