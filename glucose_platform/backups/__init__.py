"""Backups of the database and, apart from them, of the keys of sealed data; and the rehearsal of a restore."""
