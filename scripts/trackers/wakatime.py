"""What plug-ins of editors do, by the old client of WakaTime in Python as it is: an online heartbeat, seventy while the server
can't be reached, sent later, the same ones again, and a key that is none. Arguments: the server, and the client's program."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

URL, PROGRAM = sys.argv[1:]
HOME = tempfile.mkdtemp()
FILE = os.path.join(HOME, "proj", "main.py")
NOBODY = "00000000-0000-4000-8000-000000000000"
# What the client ends with.
DONE, NOT_SENT, WRONG_KEY = 0, 102, 104


def call(path: str, token: str = "", body: object = None) -> dict:
    request = urllib.request.Request(URL + path, json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def send(key: str, at: float, server: str = URL, more: int = 0, offline: str = "none") -> int:
    """Lets the client send a heartbeat, and so many more a minute apart; gives what it ended with."""
    words = ["--entity", FILE, "--key", key, "--time", str(at), "--plugin", "vim/9.0 vim-wakatime/11.1.1", "--write"]
    words += ["--api-url", f"{server}/api/v1/users/current/heartbeats.bulk", "--hostname", "my box", "--lineno", "2"]
    words += ["--sync-offline-activity", offline, "--timeout", "10"]
    extra = [{"entity": FILE, "timestamp": at + 60 * (n + 1), "entity_type": "file", "lineno": "3"} for n in range(more)]
    if more:
        words.append("--extra-heartbeats")
    environment = {**os.environ, "HOME": HOME}
    return subprocess.run([PROGRAM, *words], input=json.dumps(extra) + "\n", text=True, env=environment).returncode


def queued() -> int:
    with sqlite3.connect(os.path.join(HOME, ".wakatime.db")) as queue:
        return queue.execute("select count(*) from heartbeat_2").fetchone()[0]


def must(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SystemExit(f"{what}: {found!r} instead of {expected!r}")


def coded(key: str, expected: float) -> None:
    """Waits until the status bar shows what was coded."""
    for _ in range(100):
        total = call("/api/v1/users/current/statusbar/today", key)["data"]["grand_total"]["total_seconds"]
        if total == expected:
            return
        time.sleep(0.1)
    must("seconds in the status bar", total, expected)


os.makedirs(os.path.join(HOME, "proj"))
with open(FILE, "w") as file:
    file.write("print()\n")
person = {"email": "waka@example.org", "password": "a long enough secret", "full_name": "Waka"}
# A day that has room for what is sent, wherever in the day this runs.
now = time.time()
zone = "Etc/GMT-12" if time.gmtime(now).tm_hour < 12 else "UTC"
call("/api/v1/users", body={**person, "timezone": zone})
token = call("/api/v1/auth/login", body={**person, "device_id": "laptop"})["access_token"]
wanted = {"name": "editors", "scopes": ["track", "read"], "format": "uuid"}
key = call("/api/v1/api-keys", token, wanted)["key"]

start = int(now) - 2 * 3600
must("an online heartbeat", send(key, start), DONE)
must("a wrong key", send(NOBODY, start + 30), WRONG_KEY)
must("waiting after a wrong key", queued(), 1)
must("seventy offline", send(key, start + 60, "http://127.0.0.1:9", more=69), NOT_SENT)
must("waiting offline", queued(), 71)
must("the queue, sent", send(key, start + 60 * 71, offline="100"), DONE)
must("waiting after that", queued(), 0)
coded(key, 60.0 * 71)
must("the same once more", send(key, start + 60, more=69), DONE)
must("one after that", send(key, start + 60 * 72), DONE)
coded(key, 60.0 * 72)
print("the old client of WakaTime does as it should")
