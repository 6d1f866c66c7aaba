"""Sends events to the endpoints of businesses, whose servers may be slow, broken or hostile."""
