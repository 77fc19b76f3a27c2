"""What to set: the decay for a wanted scale or memory, and how to move a recipe to another set-up."""
