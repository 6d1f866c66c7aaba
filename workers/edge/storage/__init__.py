"""Supabase's Storage protocol: files in buckets, which row-level security guards."""
