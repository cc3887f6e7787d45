"""Programs that each answer one question about a new process, as JSON on standard output."""
