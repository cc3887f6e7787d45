"""Libraries of compiled kernels: the compiler that makes them, and the private folder that keeps them."""
