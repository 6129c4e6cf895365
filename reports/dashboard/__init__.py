"""The first page after signing in: how the clinic stands, and whom to call."""
