"""Finding one's way in the model of a plant: the address space in the hand, and walks along its relationships."""
