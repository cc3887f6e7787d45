"""Keys of the bibliography that several groups of the catalogue share."""

TALLEC = ("tallec2018can",)
BECK = ("beck2024xlstm",)
