"""People as the rehearsal plays them: each acts only through the HTTP doors that people use."""
