"""What `python -m cli` runs."""

from cli.main import main

main()
