"""Mail, SMS and push behind three small protocols; docs/providers.md says how each is set up."""
