"""Mail, SMS and push behind three small protocols. docs/providers.md explains their setup."""
