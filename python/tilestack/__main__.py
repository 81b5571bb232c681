"""`python -m tilestack`: the same as the command `tilestack`."""

import sys

from tilestack.cli import main

if __name__ == "__main__":
    sys.exit(main())
