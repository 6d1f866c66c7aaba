"""Payment providers behind one protocol. docs/money/providers.md has the rules of each."""
