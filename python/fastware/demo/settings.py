"""Names of the environment variables that configure the demo application."""

from typing import Final

USERS_FILE: Final = "FASTWARE_DEMO_USERS_FILE"
BASE_URL: Final = "FASTWARE_DEMO_BASE_URL"
JWT_SECRET: Final = "FASTWARE_DEMO_JWT_SECRET"
