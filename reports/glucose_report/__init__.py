"""The report of one page: the same content as pictures for screens and as a PDF to print and sign."""
