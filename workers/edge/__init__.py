"""What answers over HTTP: sign-in, health, metrics, the API's reference, calendars, webhooks."""
