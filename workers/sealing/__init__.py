"""Opens what the database seals with a public key (`private.keep_secret`)."""
