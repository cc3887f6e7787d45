"""What the user of a command did wrong."""


class UserError(Exception):
    """A mistake on the command line or in a file; it is told in a line, without a traceback."""
