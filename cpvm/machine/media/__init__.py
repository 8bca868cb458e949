"""What devices read and write: volumes, decks."""
