"""``python -m fastware``: the command line."""

from fastware.cli import main

if __name__ == "__main__":  # the processes of the demo's server import this module again
    main()
