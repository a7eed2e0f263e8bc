"""What may be told to whom, when and in which words; pure, no IO."""
