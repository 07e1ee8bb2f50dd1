"""aw-client as its makers ship it, for two people at once: its queued calls and its direct ones, through Basic.

Takes the address of a Dayline server that is empty. Fails if anything is not as it should be.
"""

import json
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from typing import Any, Optional
from urllib.parse import quote

import requests
from aw_client import ActivityWatchClient
from aw_client.classes import default_classes
from aw_client.queries import DesktopQueryParams, canonicalEvents, fullDesktopQuery
from aw_core.models import Event

PATIENCE_S = 20


class Person:
    """Somebody with an account, as the API knows them."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.token: Optional[str] = None
        account = {"email": f"{name}@example.org", "password": "tea at half past four"}
        self.call("POST", "users", {**account, "full_name": name, "timezone": "UTC"})
        self.token = self.call("POST", "auth/login", {**account, "device_id": "browser"})["access_token"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", method=method)
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, json.dumps(body).encode() if body is not None else None) as answer:
            return json.loads(answer.read() or b"null")

    def key(self, *scopes: str) -> str:
        made = self.call("POST", "api-keys", {"name": "tracker", "scopes": list(scopes)})
        return str(made["key"])

    def seconds(self, start: datetime, end: datetime) -> dict[str, float]:
        """How long each app counts between two moments."""
        query = f"from={quote(start.isoformat())}&to={quote(end.isoformat())}"
        found: dict[str, float] = {}
        for piece in self.call("GET", f"usage/timeline?{query}")["intervals"]:
            took = datetime.fromisoformat(piece["end_time"]) - datetime.fromisoformat(piece["start_time"])
            found[piece["app_name"]] = found.get(piece["app_name"], 0) + took.total_seconds()
        return found


def client(url: str, name: str, key: str) -> ActivityWatchClient:
    host, port = url.removeprefix("http://").split(":")
    return ActivityWatchClient(name, host=f"anybody:{key}@{host}", port=port)


def eventually(what: str, expected: Any, ask: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (answer := ask()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: {answer!r} instead of {expected!r}")
        time.sleep(0.1)


def refused(status: int, call: Any) -> None:
    try:
        call()
    except requests.HTTPError as error:
        assert error.response.status_code == status, error.response.status_code
        return
    raise AssertionError(f"was not refused with {status}")


def window(at: datetime, seconds: float, app: str) -> Event:
    return Event(timestamp=at, duration=seconds, data={"app": app, "title": "a secret title"})


def queued(url: str, person: Person, app: str, start: datetime) -> None:
    """As the watchers send: a queue on a thread of its own, which opens the bucket."""
    # Clients of one name share a queue in the home folder.
    watcher = client(url, f"aw-watcher-window-{app}", person.key("track"))
    assert watcher.get_info()["testing"] is False
    bucket = "aw-watcher-window_desktop"
    watcher.create_bucket(bucket, event_type="currentwindow", queued=True)
    with watcher:
        for second in range(30):
            seen = window(start + timedelta(seconds=second), 0, app if second < 20 else "Other")
            watcher.heartbeat(bucket, seen, pulsetime=2.0, queued=True, commit_interval=4)
        eventually("sent", 0, lambda: watcher.request_queue._persistqueue.qsize())
        # Of the last app the client keeps what it has not sent yet.
        end = start + timedelta(seconds=40)
        eventually(f"queued for {app}", 20.0, lambda: person.seconds(start, end).get(app))


def direct(url: str, person: Person, start: datetime) -> None:
    """As libraries and scripts send."""
    both = client(url, "script", person.key("track", "read"))
    both.create_bucket("script_window", event_type="currentwindow")
    both.create_bucket("script_window", event_type="currentwindow")
    both.create_bucket("script_afk", event_type="afkstatus")
    assert set(both.get_buckets()) >= {"script_window", "script_afk"}
    both.heartbeat("script_window", window(start, 5, "Editor"), pulsetime=2.0)
    both.insert_event("script_window", window(start + timedelta(seconds=5), 5, "Editor"))
    both.insert_events("script_window", [window(start + timedelta(seconds=10 + n), 1, "Mail") for n in range(10)])
    away = Event(timestamp=start + timedelta(seconds=15), duration=5, data={"status": "afk"})
    both.heartbeat("script_afk", away, pulsetime=185)
    end = start + timedelta(seconds=60)
    eventually("direct", {"Editor": 10.0, "Mail": 5.0}, lambda: person.seconds(start, end))
    refused(404, lambda: both.heartbeat("no_such_bucket", window(start, 5, "Editor"), pulsetime=2.0))
    both.delete_bucket("script_afk")
    assert "script_afk" not in both.get_buckets()
    assert person.seconds(start, end) == {"Editor": 10.0, "Mail": 5.0}, "what was told stays told"


def kept(url: str, person: Person, start: datetime) -> None:
    """As programs read back what somebody wants kept as it came."""
    both = client(url, "keeper", person.key("track", "read"))
    both.create_bucket("kept_window", event_type="currentwindow")
    both.insert_event("kept_window", window(start, 5, "Before"))
    assert both.get_events("kept_window") == [], "nothing is kept that nobody asked for"
    person.call("PUT", "users/me/preferences", {"raw_event_days": 7})
    for second in range(0, 12, 2):
        both.heartbeat("kept_window", window(start + timedelta(seconds=second), 0, "Editor"), pulsetime=2.0)
    both.insert_events("kept_window", [window(start + timedelta(seconds=20 + n), 1, "Mail") for n in range(3)])
    events = both.get_events("kept_window", limit=-1)
    assert [(event.data["app"], event.duration.total_seconds()) for event in events] == [("Mail", 1)] * 3 + [("Editor", 10)]
    assert (both.get_event("kept_window", events[3].id), both.get_eventcount("kept_window")) == (events[3], 4)
    query = 'events = query_bucket(find_bucket("kept_")); RETURN = sum_durations(flood(events));'
    assert both.query(query, [(start, start + timedelta(seconds=60))]) == [13.0]
    both.delete_event("kept_window", events[0].id)
    assert len(both.export_bucket("kept_window")["buckets"]["kept_window"]["events"]) == 3
    both.delete_bucket("kept_window")


def reported(url: str, person: Person, start: datetime) -> None:
    """The client's own reports, with its categories and one of somebody's."""
    both = client(url, "reporter", person.key("track", "read"))
    window, afk, web = "report_window", "report_afk", "report-firefox"
    for bucket, kind in [(window, "currentwindow"), (afk, "afkstatus"), (web, "web.tab.current")]:
        both.create_bucket(bucket, event_type=kind)

    def insert(bucket: str, second: float, seconds: float, **data: Any) -> None:
        both.insert_event(bucket, Event(timestamp=start + timedelta(seconds=second), duration=seconds, data=data))

    insert(window, 0, 60, app="Firefox", title="Dayline - GitHub")
    insert(window, 60, 30, app="Editor", title="lib.rs")
    insert(afk, 0, 80, status="not-afk")
    insert(afk, 80, 10, status="afk")
    insert(web, 0, 70, url="https://www.github.com/a/b", title="a tab", audible=False, incognito=False)
    classes = [*default_classes, (["Work", "Rust"], {"type": "regex", "regex": r"\.RS\b", "ignore_case": True})]
    period = [(start, start + timedelta(seconds=120))]

    whole = DesktopQueryParams(bid_window=window, bid_afk=afk, classes=classes)
    report = both.query(fullDesktopQuery(whole), period)[0]["window"]
    found = [(event["data"]["$category"], event["duration"]) for event in report["cat_events"]]
    assert found == [(["Work", "Programming"], 60), (["Work", "Rust"], 20)], found
    assert report["duration"] == 80, report

    rust = DesktopQueryParams(
        bid_window=window, bid_afk=afk, bid_browsers=[web], classes=classes, filter_classes=[["Work", "Rust"]]
    )
    query = canonicalEvents(rust) + 'RETURN = [events, merge_events_by_keys(browser_events, ["$domain"])];'
    events, domains = both.query(query, period)[0]
    assert [event["duration"] for event in events] == [20], events
    assert [(event["data"]["$domain"], event["duration"]) for event in domains] == [("github.com", 60)], domains
    for bucket in [window, afk, web]:
        both.delete_bucket(bucket)


def apart(url: str, ada: Person, bob: Person) -> None:
    """Nobody sees anybody else's buckets, and a key that tracks reads nothing."""
    reader = client(url, "reader", bob.key("read"))
    assert set(reader.get_buckets()) == {"aw-watcher-window_desktop"}, reader.get_buckets()
    refused(404, lambda: reader._get("buckets/script_window"))
    refused(403, lambda: client(url, "tracks", ada.key("track")).get_buckets())
    refused(403, lambda: reader.create_bucket("mine", event_type="currentwindow"))
    refused(401, lambda: client(url, "wrong", "dlk_nonsense").get_buckets())


def main(url: str) -> None:
    ada, bob = Person(url, "ada"), Person(url, "bob")
    start = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)
    failed: list[BaseException] = []

    def watched(person: Person, app: str) -> None:
        try:
            queued(url, person, app, start)
        except BaseException as error:  # told by the thread that waits
            failed.append(error)

    # The first client makes the folders that all have in common, which in two threads at once is more than it can take.
    client(url, "first", ada.key("track"))
    threads = [threading.Thread(target=watched, args=of) for of in [(ada, "Hers"), (bob, "His")]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    assert "His" not in ada.seconds(start, start + timedelta(minutes=1))
    direct(url, ada, start + timedelta(minutes=10))
    kept(url, ada, start + timedelta(minutes=20))
    reported(url, ada, start + timedelta(minutes=30))
    apart(url, ada, bob)
    print("aw-client: queued and direct calls of two people at once are on their timelines; what they want kept is, and is reported")


if __name__ == "__main__":
    main(sys.argv[1])
