"""Acts as people do, over HTTP, and judges what came of it."""
