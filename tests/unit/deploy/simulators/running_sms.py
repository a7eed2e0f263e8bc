"""The SMS simulator as a running process, for tests."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

API_KEY = "test-key"
MESSAGE = {"reference": "m-1", "to": "13800000001", "text": "【社区保供】订单A0001-A已收到。"}


class RunningSms:
    def __init__(self, log: Path, *words: str) -> None:
        self.log = log
        command = [
            sys.executable,
            "-m",
            "deploy.rehearsal.simulators.sms",
            "--port",
            "0",
            "--log",
            str(log),
            *words,
        ]
        environment = {**os.environ, "SMS_PROVIDER_KEY": API_KEY}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        first_line = self.process.stdout.readline()
        self.url = "http://" + first_line.split(" on ")[1].split(",")[0]
        self.http = httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {API_KEY}"}, timeout=5)

    def send(self, **changes: str) -> httpx.Response:
        return self.http.post("/v1/messages", json=MESSAGE | changes)

    def order(self, trick: str, **details: float) -> None:
        assert self.http.post("/v1/tricks", json={"trick": trick, **details}).status_code == 204

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.http.close()
        self.process.send_signal(how)
        self.process.wait(timeout=10)
