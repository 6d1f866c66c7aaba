"""Functions below /functions/v1, one module or folder each."""
