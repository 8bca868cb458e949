"""CMS: guest software, its builder and its host halves."""
