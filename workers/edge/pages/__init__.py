"""Pages for operators and developers: health, metrics and the reference of the API."""
