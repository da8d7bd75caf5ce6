"""Embeddings of images: features of a network, of one of its layers, or typical patches."""
