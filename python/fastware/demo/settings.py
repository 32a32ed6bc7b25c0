"""Names of the environment variables that configure the demo application."""

from typing import Final

USERS_FILE: Final = "FASTWARE_DEMO_USERS_FILE"
BASE_URL: Final = "FASTWARE_DEMO_BASE_URL"
ATTACKER_PORT: Final = "FASTWARE_DEMO_ATTACKER_PORT"
JWT_SECRET: Final = "FASTWARE_DEMO_JWT_SECRET"
PASSWORDS: Final = "FASTWARE_DEMO_PASSWORDS"  # JSON: passwords by username
