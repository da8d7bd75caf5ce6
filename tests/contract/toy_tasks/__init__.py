"""Small tasks of every kind that the contract has room for, and that no real task needs yet."""
