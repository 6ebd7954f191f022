"""What a newcomer meets: the README's examples, the demonstration, and the built package."""
