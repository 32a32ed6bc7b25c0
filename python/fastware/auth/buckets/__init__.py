"""Where rate limits are counted: in this process, on this machine, or in Redis."""
