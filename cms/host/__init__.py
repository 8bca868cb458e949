"""What the host halves of CMS commands have in common."""
