"""`python -m eyespot` and `torchrun -m eyespot` do what the command `eyespot` does."""

from .cli import main

if __name__ == "__main__":
    main()
