"""Lets an unchanged ActivityWatch client, which has no key, send through the relay of Dayline's own tracker.

    python relay.py URL TRACKER FOLDER

needs a Dayline server and the tracker's program; the tracker keeps what it has in the folder. Fails if anything is not as it should be.
"""

import json
import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import requests
from aw_client import ActivityWatchClient
from aw_core.models import Event

from activitywatch import Person, eventually, window


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def sign_in(person: Person, folder: Path) -> None:
    """As `login` does, once somebody has approved the code."""
    folder.mkdir()
    key = {"server": person.url, "id": "1", "name": "tracker", "key": person.key("track")}
    (folder / "key.json").write_text(json.dumps(key))


def queued(client: ActivityWatchClient, start: datetime) -> None:
    bucket = "aw-watcher-window_desktop"
    client.create_bucket(bucket, event_type="currentwindow", queued=True)
    with client:
        for second in range(30):
            seen = window(start + timedelta(seconds=second), 0, "Editor" if second < 20 else "Other")
            client.heartbeat(bucket, seen, pulsetime=2.0, queued=True, commit_interval=4)
        eventually("sent", 0, lambda: client.request_queue._persistqueue.qsize())


def direct(client: ActivityWatchClient, start: datetime) -> None:
    assert client.get_info()["testing"] is False
    client.create_bucket("script_window", event_type="currentwindow")
    client.create_bucket("script_afk", event_type="afkstatus")
    assert set(client.get_buckets()) >= {"script_window", "script_afk"}
    client.heartbeat("script_window", window(start, 5, "Mail"), pulsetime=2.0)
    client.insert_events("script_window", [window(start + timedelta(seconds=5 + n), 1, "Mail") for n in range(10)])
    away = Event(timestamp=start + timedelta(seconds=10), duration=5, data={"status": "afk"})
    client.heartbeat("script_afk", away, pulsetime=185)


def page(port: int, origin: str) -> int:
    """What a page of the web gets that tries to write."""
    url = f"http://127.0.0.1:{port}/api/0/buckets/script_window/events"
    return requests.post(url, data="[]", headers={"Origin": origin}).status_code


def main(url: str, program: str, folder: Path) -> None:
    person = Person(url, "carol")
    sign_in(person, folder)
    (folder / "config.toml").write_text("")
    port = free_port()
    places = ["--data", str(folder), "--config", str(folder / "config.toml")]
    with open(folder / "log", "w") as log:
        tracker = subprocess.Popen(
            [program, "run", *places, "--eyes", "false", "--relay", f"127.0.0.1:{port}"], stderr=log
        )
    try:
        client = ActivityWatchClient("aw-watcher-window-relay", host="127.0.0.1", port=str(port))
        eventually("listens", True, lambda: answers(client))
        start = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)
        queued(client, start)
        direct(client, start + timedelta(minutes=10))
        assert page(port, "https://example.org") == 403
        end = start + timedelta(minutes=20)
        eventually("through the relay", {"Editor": 20.0, "Mail": 10.0}, lambda: told(person, start, end))
    finally:
        tracker.terminate()
        assert tracker.wait(20) == 0
    print("aw-client: what it says to the relay of dayline-tracker is on the timeline")


def answers(client: ActivityWatchClient) -> bool:
    try:
        return bool(client.get_info())
    except requests.ConnectionError:
        return False


def told(person: Person, start: datetime, end: datetime) -> dict[str, float]:
    found = person.seconds(start, end)
    # Of the last app the client keeps what it has not sent yet.
    found.pop("Other", None)
    return found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
