"""Why a cell can't be compiled."""


class Refusal(Exception):  # noqa: N818  (an answer, not a mistake)
    """The compiler does not take this cell; the message names the operation and, where known, the line of the cell.

    Never seen by a user as an exception: the layer runs on the reference, and `explain()` shows the message.
    """
