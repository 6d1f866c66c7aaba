"""What must answer over HTTP: health, metrics, the API's reference; later auth and webhooks."""
