"""An SMS provider of our own: takes messages over HTTP, logs each before it answers, and can be told to misbehave.

It does not take one message for another: the same reference sent twice is two messages, unless `--dedupe`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.rehearsal.simulators.plain_http import Answer, Request, cut, serve
from deploy.rehearsal.simulators.provider_log import ProviderLog, TakenMessage
from deploy.rehearsal.simulators.tricks import Trick, Tricks
from shared.basics.clock import Clock, SystemClock
from shared.basics.randomness import SeededRandomness

_MESSAGES = "/v1/messages"
_LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """How this provider behaves. A rate is a share of calls, 0 to 1; `api_key` empty lets anybody in."""

    port: int
    log: Path
    host: str = "127.0.0.1"
    api_key: str = ""
    dedupes: bool = False
    fail_rate: float = 0.0
    seed: int = 1
    takes_tricks: bool = False


class SmsProvider:
    """Answers the calls of senders."""

    def __init__(self, settings: SmsSettings, log: ProviderLog, clock: Clock) -> None:
        self._settings = settings
        self._log = log
        self._clock = clock
        self._tricks = Tricks(settings.fail_rate, SeededRandomness(settings.seed))

    async def answer(self, request: Request) -> Answer:
        """Answer one call."""
        if request.path == "/healthz":
            return Answer(200, {"status": "ok"})
        if self._settings.api_key and request.headers.get("authorization") != f"Bearer {self._settings.api_key}":
            return Answer(401, {"error": "who are you"})
        if request.path == "/v1/tricks" and self._settings.takes_tricks and request.method == "POST":
            return self._learn(request)
        if request.path == _MESSAGES and request.method == "POST":
            return await self._take(request)
        if request.path.startswith(_MESSAGES + "/") and request.method == "GET":
            reference = request.path.removeprefix(_MESSAGES + "/")
            found = [asdict(message) for message in self._log.find(reference)]
            return Answer(200, {"reference": reference, "messages": found})
        return Answer(404, {"error": "nothing here"})

    async def _take(self, request: Request) -> Answer:
        message = self._read(request.body)
        if message is None:
            return Answer(400, {"error": "a message has reference, to and text"})
        trick = self._tricks.draw()
        if trick.before_log is not None:
            return trick.before_log
        if trick.late_before_log_s:
            await asyncio.sleep(trick.late_before_log_s)
            if request.sender_is_gone():
                return cut()
        known = self._log.find(message.reference) if self._settings.dedupes else []
        if known:
            message = known[0]
        else:
            await self._log.append(message)
        await asyncio.sleep(trick.late_after_log_s)
        return trick.after_log or Answer(202, {"provider_id": message.provider_id})

    def _read(self, body: bytes) -> TakenMessage | None:
        try:
            fields = json.loads(body)
            reference, to, text = fields["reference"], fields["to"], fields["text"]
        except (ValueError, KeyError, TypeError):
            return None
        words = (reference, to, text)
        if not all(isinstance(word, str) and word for word in words) or len(text) > _LONGEST_TEXT:
            return None
        now = self._clock.now().isoformat(timespec="milliseconds")
        return TakenMessage(now, reference, to, text, self._log.draw_provider_id())

    def _learn(self, request: Request) -> Answer:
        try:
            self._tricks.add(json.loads(request.body))
        except (ValueError, KeyError, TypeError) as error:
            return Answer(400, {"error": f"no such trick: {error}", "tricks": [trick.value for trick in Trick]})
        return Answer(204, None)


async def run(settings: SmsSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    log = ProviderLog(settings.log)
    writer = asyncio.create_task(log.write_forever())
    provider = SmsProvider(settings, log, SystemClock())
    server = await serve(settings.host, settings.port, provider.answer)
    port = server.sockets[0].getsockname()[1]
    print(f"sms simulator on {settings.host}:{port}, log {settings.log.name}", flush=True)
    stop = asyncio.Event()
    for stopping in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stopping, stop.set)
    try:
        await stop.wait()
    finally:
        server.close()
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
        log.close()


def read_settings(words: Sequence[str]) -> SmsSettings:
    """Settings from the command line, each with an environment variable as its default.

    Errors: SystemExit from argparse for what cannot be read.
    """
    parser = argparse.ArgumentParser(prog="sms", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("SMS_SIMULATOR_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("SMS_SIMULATOR_PORT", "8011")))
    parser.add_argument("--log", type=Path, default=os.environ.get("SMS_SIMULATOR_LOG", "sms.log"))
    parser.add_argument("--dedupe", action="store_true", default=os.environ.get("SMS_SIMULATOR_DEDUPE") == "1")
    parser.add_argument("--tricks", action="store_true", default=os.environ.get("SMS_SIMULATOR_TRICKS") == "1")
    parser.add_argument("--fail-rate", type=float, default=float(os.environ.get("SMS_SIMULATOR_FAIL_RATE", "0")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SMS_SIMULATOR_SEED", "1")))
    read = parser.parse_args(words)
    if not 0 <= read.fail_rate <= 1:
        parser.error("--fail-rate is a share, 0 to 1")
    # The key comes by environment only: command lines are readable by everyone on the machine.
    key = os.environ.get("SMS_PROVIDER_KEY", "")
    return SmsSettings(
        read.port, Path(read.log), read.host, key, read.dedupe, read.fail_rate, read.seed, read.tricks
    )


if __name__ == "__main__":
    asyncio.run(run(read_settings(sys.argv[1:])))
