"""Sign-in: what the routes, the tokens and the database promise."""
