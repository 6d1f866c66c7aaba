"""The HTTP edge: one folder for each protocol of the API that PostgREST does not speak."""
