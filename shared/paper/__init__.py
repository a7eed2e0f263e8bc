"""Short codes and sheets for print."""
