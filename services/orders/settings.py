"""What orders alone can be told at start."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class OrdersSettings(ServiceSettings):
    """The shared knobs, and the first administrator's way in.

    The account is made at the first start only; its password is changed on the staff page from then on.
    """

    http_port: int = Field(default=8001, ge=1, le=65535)
    admin_login: str = "admin"
    admin_password: SecretStr = SecretStr("")
