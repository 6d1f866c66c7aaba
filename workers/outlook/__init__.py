"""Models of customers and of demand: numbers in, numbers out; no database."""
