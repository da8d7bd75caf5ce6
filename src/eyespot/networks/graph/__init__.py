"""The computation graph of a network: recorded once, replayed, traced and tabulated."""
