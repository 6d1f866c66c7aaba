"""Where bytes lie: a folder, or a bucket of any S3 endpoint, behind one small protocol."""
