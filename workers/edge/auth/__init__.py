"""The protocol of Supabase Auth over HTTP. State and rules live in functions of schema `auth`."""
