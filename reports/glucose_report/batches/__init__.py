"""Reports of all patients at once: asked for here, made by a worker in pieces, kept sealed for a week."""
