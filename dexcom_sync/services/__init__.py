"""The doors for each write. They never enqueue."""
