"""From the due doors of a date to released rounds."""
