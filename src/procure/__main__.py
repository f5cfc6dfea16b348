"""`python -m procure` is the command `procure`."""

from procure.cli import main

if __name__ == "__main__":
    main()
