"""Calls of providers about messages that they accepted earlier: delivered, or bounced."""
