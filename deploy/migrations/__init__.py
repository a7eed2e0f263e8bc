"""One Alembic history a service."""
