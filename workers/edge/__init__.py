"""What must answer over HTTP: sign-in, health, metrics, the API's reference; later webhooks."""
