"""`python -m genaiops`: the same as the `genaiops` command."""

from genaiops.cli import main

if __name__ == "__main__":
    main()
