"""What can go wrong when a kernel is built. Each says what to do; for all of them the reference can run instead."""


class BuildError(RuntimeError):
    """A kernel could not be built or loaded."""


class NoCompiler(BuildError):  # noqa: N818  (a state of the machine, not a mistake)
    """There is no C++ compiler on this machine."""


class CompileError(BuildError):
    """The compiler refused a source.

    Args:
        name: what was compiled.
        source: its text.
        message: what the compiler said.
    """

    def __init__(self, name: str, source: str, message: str):
        super().__init__(f"the C++ compiler could not build '{name}':\n{message}")
        self.name, self.source, self.message = name, source, message


class LoadError(BuildError):
    """The system would not write a library, or not load it."""
