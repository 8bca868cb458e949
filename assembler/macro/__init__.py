"""The macro stage: conditional assembly and macro expansion, whose output is plain statements."""
