"""What a tracker and a page do, by a client that openapi-python-client made of the API document. No cast, no Any: what
this relies on is in the types, which mypy checks."""

import sys
import time
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from dayline_client import AuthenticatedClient, Client
from dayline_client.api.auth import login
from dayline_client.api.report import report_apps, report_job_result, request_report_job, show_report_job
from dayline_client.api.usage import track
from dayline_client.api.users import export_json, register
from dayline_client.models import (
    Accepted,
    Export,
    ExportInterval,
    NewReportJob,
    NewUser,
    Profile,
    ReportAppSeconds,
    ReportJob,
    ReportJobKind,
    ReportJobStatus,
    SignIn,
    TokenPair,
    UseObservation,
)

T = TypeVar("T")


def must(kind: type[T], answer: object) -> T:
    """The answer, which is of this kind; a problem ends the program."""
    if not isinstance(answer, kind):
        raise SystemExit(f"no {kind.__name__}: {answer}")
    return answer


url = sys.argv[1]
password = "tea at half past four"
email = f"python-{time.time_ns()}@example.org"
anybody = Client(base_url=url)
must(Profile, register.sync(client=anybody, body=NewUser(email=email, password=password, full_name="Ada")))
sign_in = SignIn(email=email, password=password, device_id="laptop")
tokens = must(TokenPair, login.sync(client=anybody, body=sign_in))
client = AuthenticatedClient(base_url=url, token=tokens.access_token)

end = datetime.now(timezone.utc).replace(microsecond=0)
start = end - timedelta(seconds=5)
seen = UseObservation(app_name="Editor", start_time=start, end_time=end)
assert must(Accepted, track.sync(client=client, body=seen)).accepted == 1


def seconds() -> float:
    report = must(ReportAppSeconds, report_apps.sync(client=client, from_=start.date(), to=end.date()))
    return sum(item.seconds for item in report.items if item.app_name == "Editor")


for _ in range(100):
    if seconds() == 5:
        break
    time.sleep(0.1)
else:
    raise SystemExit("the ping is in no report")

lines = must(Export, export_json.sync(client=client)).lines
assert any(isinstance(line, ExportInterval) and line.app_name == "Editor" for line in lines), lines

asked = NewReportJob(kind=ReportJobKind.APPS, from_=start.date(), to=end.date())
job = must(ReportJob, request_report_job.sync(client=client, body=asked))
for _ in range(100):
    if must(ReportJob, show_report_job.sync(job.id, client=client)).status == ReportJobStatus.DONE:
        break
    time.sleep(0.1)
else:
    raise SystemExit("the job is not done")
result = must(ReportAppSeconds, report_job_result.sync(job.id, client=client))
assert result.total_seconds == 5, result
print("Python: signed in, tracked, reported, exported")
