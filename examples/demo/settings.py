"""Names of the environment variables that configure the demo application."""

USERS_FILE = "FASTWARE_DEMO_USERS_FILE"
BASE_URL = "FASTWARE_DEMO_BASE_URL"
JWT_SECRET = "FASTWARE_DEMO_JWT_SECRET"
