"""The clinic's devices: which of them need somebody, and what each told of itself."""
