"""What is particular to a language of kernels."""
