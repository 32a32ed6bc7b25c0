"""What a million rate-limit keys take, and how long a single check may last: ``python -m benches.bucket_memory``."""
