"""The protocol of Supabase Auth: HTTP here, state and rules in the functions of schema `auth`."""
