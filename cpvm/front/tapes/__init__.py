"""What `cpvm tape` does with reels: lists, files that go in and out."""
