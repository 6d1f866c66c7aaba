"""What the tests run on: throw-away databases, pgTAP, and a running stack."""
