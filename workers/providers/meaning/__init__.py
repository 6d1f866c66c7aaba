"""What texts mean, as vectors: texts that mean something similar have similar vectors."""
