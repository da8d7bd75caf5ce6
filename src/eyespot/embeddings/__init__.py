"""Numbers that describe each image: features of a network, of one of its layers, or typical patches."""
