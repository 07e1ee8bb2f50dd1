//! The API document describes what there is: every route, with all that it may answer.

use std::collections::BTreeSet;

use dayline_app::tracking::ingest::{MAX_PINGS, MAX_URL};
use dayline_domain::{AppName, DeviceId};
use http::Method;
use serde_json::{Value, json};

use crate::support::Server;

fn document() -> Value {
    serde_json::to_value(dayline_api::document()).unwrap()
}

/// Method, path and description of every operation.
pub(crate) fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

fn statuses(operation: &Value) -> BTreeSet<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_document_lists_the_contract() {
    let expected = [
        "DELETE /api/v1/api-keys/{id}",
        "DELETE /api/v1/auth/sessions/{id}",
        "DELETE /api/v1/categories/{id}",
        "DELETE /api/v1/report/jobs/{id}",
        "DELETE /api/v1/usage/corrections/{id}",
        "DELETE /api/v1/users/me",
        "GET /api/v1/aliases",
        "GET /api/v1/api-keys",
        "GET /api/v1/auth/device",
        "GET /api/v1/auth/sessions",
        "GET /api/v1/categories",
        "GET /api/v1/connect/{client}",
        "GET /api/v1/devices",
        "GET /api/v1/live",
        "GET /api/v1/report/apps",
        "GET /api/v1/report/categories",
        "GET /api/v1/report/days",
        "GET /api/v1/report/devices",
        "GET /api/v1/report/domains",
        "GET /api/v1/report/hours",
        "GET /api/v1/report/jobs",
        "GET /api/v1/report/jobs/{id}",
        "GET /api/v1/report/jobs/{id}/result",
        "GET /api/v1/report/jobs/{id}/result.csv",
        "GET /api/v1/report/jobs/{id}/result.ndjson",
        "GET /api/v1/report/languages",
        "GET /api/v1/report/months",
        "GET /api/v1/report/projects",
        "GET /api/v1/report/urls",
        "GET /api/v1/report/weeks",
        "GET /api/v1/usage/corrections",
        "GET /api/v1/usage/timeline",
        "GET /api/v1/usage/why",
        "GET /api/v1/users/me",
        "GET /api/v1/users/me/audit",
        "GET /api/v1/users/me/export",
        "GET /api/v1/users/me/export.json",
        "GET /api/v1/users/me/preferences",
        "GET /docs",
        "GET /healthz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "PATCH /api/v1/devices/{id}",
        "PATCH /api/v1/users/me",
        "POST /api/v1/api-keys",
        "POST /api/v1/auth/device",
        "POST /api/v1/auth/device/approve",
        "POST /api/v1/auth/device/token",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/logout-all",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/categories",
        "POST /api/v1/connect/{client}",
        "POST /api/v1/report/jobs",
        "POST /api/v1/usage/corrections",
        "POST /api/v1/usage/track",
        "POST /api/v1/users",
        "POST /api/v1/users/me/password",
        "PUT /api/v1/aliases",
        "PUT /api/v1/categories/{id}",
        "PUT /api/v1/usage/corrections/{id}",
        "PUT /api/v1/users/me/preferences",
    ];
    let listed: BTreeSet<String> =
        operations().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(listed, expected.into_iter().map(str::to_owned).collect());
}

#[tokio::test]
async fn every_documented_route_is_there_and_answers_as_documented() {
    let server = Server::new();
    for (method, path, operation) in operations() {
        let reply = server.request(method.clone(), &path.replace("{id}", "x")).send().await;
        let status = reply.status.as_u16().to_string();
        assert!(
            statuses(&operation).contains(status.as_str()),
            "{method} {path}: {status} is not documented"
        );
    }
}

#[test]
fn every_operation_names_all_it_may_answer() {
    for (method, path, operation) in operations() {
        let statuses = statuses(&operation);
        let needs = |wanted: &[&str]| {
            assert!(
                wanted.iter().all(|status| statuses.contains(status)),
                "{method} {path}: {wanted:?} of {statuses:?}"
            );
        };
        assert!(statuses.iter().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        if path.starts_with("/api/") {
            needs(&["429", "500", "503"]);
        }
        if operation.get("security").is_some() {
            needs(&["401", "403"]);
        }
        if operation.get("requestBody").is_some() {
            needs(&["400", "408", "413", "415", "422"]);
        }
        if operation.get("parameters").is_some_and(|all| all.to_string().contains("\"query\"")) {
            needs(&["422"]);
        }
        let anybody = [
            "/api/v1/users",
            "/api/v1/auth/login",
            "/api/v1/auth/refresh",
            "/api/v1/auth/device",
            "/api/v1/auth/device/token",
        ];
        let open = !path.starts_with("/api/") || method == Method::POST && anybody.contains(&path.as_str());
        assert_eq!(operation.get("security").is_none(), open, "{method} {path}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let mut names: Vec<String> = operations()
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}

#[test]
fn every_problem_is_documented_as_one() {
    for (method, path, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.as_str() < "400" || path == "/readyz" {
                continue;
            }
            let content =
                response["content"].as_object().unwrap_or_else(|| panic!("{method} {path} {status}"));
            let forms: Vec<_> = content.keys().collect();
            // Who sends a form is told in the words of OAuth.
            let speaks_oauth =
                operation["requestBody"]["content"]["application/x-www-form-urlencoded"].is_object();
            let is_oauth = speaks_oauth && forms == ["application/json", "application/problem+json"];
            assert!(is_oauth || forms == ["application/problem+json"], "{method} {path} {status}: {forms:?}");
        }
    }
}

/// The members that a schema describes, and those that must be there; through references and
/// `allOf`.
fn members<'a>(schema: &'a Value, document: &'a Value) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    if let Some(reference) = schema["$ref"].as_str() {
        return members(document.pointer(reference.strip_prefix('#').unwrap()).unwrap(), document);
    }
    let (mut all, mut needed) = (BTreeSet::new(), BTreeSet::new());
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, also_needed) = members(part, document);
        all.extend(more);
        needed.extend(also_needed);
    }
    all.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()));
    needed.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
    (all, needed)
}

#[tokio::test]
async fn the_answer_that_no_ping_was_accepted_is_as_documented() {
    let document = document();
    let responses = &document["paths"]["/api/v1/usage/track"]["post"]["responses"];
    let schema = &responses["422"]["content"]["application/problem+json"]["schema"];
    let (described, needed) = members(schema, &document);
    assert!(described.contains("rejected") && needed.contains("code"), "{described:?}");

    let server = Server::new();
    let ada = server.person("ada").await;
    for pings in [json!([]), json!([{"app_name": ""}, {}]), json!(7)] {
        let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
        assert_eq!(reply.status, 422);
        let body = reply.json();
        let found: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(needed.is_subset(&found) && found.is_subset(&described), "{found:?} of {described:?}");
        assert_eq!(body["rejected"].as_array().map(Vec::len), pings.as_array().map(Vec::len));
    }
}

#[test]
fn the_limits_of_pings_are_there_as_data() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for (schema, has_app, has_url) in [
        ("UseObservation", true, true),
        ("PageObservation", true, true),
        ("BeatObservation", true, false),
        ("PresenceObservation", false, false),
    ] {
        let longest = |field: &str| schemas[schema]["properties"][field]["maxLength"].as_u64();
        let limit = |is_there: bool, limit: usize| is_there.then_some(limit as u64);
        assert_eq!(longest("app_name"), limit(has_app, AppName::MAX), "{schema}");
        assert_eq!(longest("url"), limit(has_url, MAX_URL), "{schema}");
        assert_eq!(longest("device_id"), limit(true, DeviceId::MAX), "{schema}");
    }
    assert_eq!(schemas["ObservationList"]["maxItems"], MAX_PINGS);
}

#[tokio::test]
async fn every_example_of_a_ping_is_accepted() {
    let server = Server::new();
    // Later than pings of the day on which the document was written are taken.
    server.fake.clock.advance(500 * 86_400_000);
    let document = server.get("/openapi.json").send().await.json();
    let body = &document["paths"]["/api/v1/usage/track"]["post"]["requestBody"];
    let examples = body["content"]["application/json"]["examples"].as_object().unwrap();
    let ada = server.person("ada").await;
    for (name, example) in examples {
        let reply = server.post("/api/v1/usage/track").of(&ada).json(&example["value"]).send().await;
        assert_eq!((reply.status.as_u16(), &reply.json()["rejected"]), (202, &json!([])), "{name}");
    }
    for kind in ["use", "page", "beat", "away", "here"] {
        assert!(examples.contains_key(kind), "{kind}");
    }
}

#[tokio::test]
async fn the_defaults_of_preferences_are_those_of_who_never_chose() {
    let document = document();
    let described = document["components"]["schemas"]["Preferences"]["properties"].as_object().unwrap();
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut found = server.get("/api/v1/users/me/preferences").of(&ada).send().await.json();
    for told in ["settling", "server_keep", "kept_since"] {
        found.as_object_mut().unwrap().remove(told).unwrap();
    }
    let defaults = described.iter().map(|(field, schema)| (field.clone(), schema["default"].clone()));
    assert_eq!(Value::Object(defaults.collect()), found);
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    fn visit(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                members.values().for_each(|member| visit(member, document));
            }
            Value::Array(elements) => elements.iter().for_each(|element| visit(element, document)),
            _ => {}
        }
    }
    let document = document();
    visit(&document, &document);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<&str> = schemas.keys().map(String::as_str).collect();
    assert!(
        names.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')),
        "{names:?}"
    );
    assert!(document["components"]["securitySchemes"]["session"].is_object());
}

/// Generated clients have one type for an answer: a table or text beside it would leave them to guess.
#[test]
fn no_answer_of_json_is_documented_in_another_form_too() {
    for (method, path, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let forms = response["content"].as_object().map_or(0, serde_json::Map::len);
            let is_one = forms <= 1 || !status.starts_with('2') || path == "/metrics";
            assert!(is_one, "{method} {path} {status}");
        }
    }
}

#[test]
fn no_body_is_documented_as_null_and_the_result_of_a_job_is_an_object() {
    for (method, path, operation) in operations() {
        let content = operation["requestBody"]["content"].as_object();
        for (form, body) in content.into_iter().flatten() {
            assert!(
                body["schema"]["$ref"].is_string() || form == "application/x-ndjson",
                "{method} {path} {form}"
            );
        }
    }
    let document = document();
    for possible in document["components"]["schemas"]["ReportJobResult"]["anyOf"].as_array().unwrap() {
        let name = possible["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        assert_eq!(document["components"]["schemas"][name]["type"], "object", "{name}");
    }
}

#[test]
fn no_json_answer_is_documented_as_a_text() {
    for (method, path, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let schema = &response["content"]["application/json"]["schema"];
            assert_ne!(schema["type"], "string", "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn the_document_is_served_and_the_same_as_the_printed_one() {
    let server = Server::new();
    // Its examples are of yesterday, the printed one's of the fakes' day.
    server.fake.clock.advance(86_400_000);
    let reply = server.get("/openapi.json").send().await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.json(), document());
}

#[tokio::test]
async fn the_documentation_needs_nothing_from_elsewhere() {
    let server = Server::new();
    let reply = server.get("/docs").send().await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (308, "/docs/"));
    let page = server.get("/docs/").send().await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").starts_with("default-src 'self';"));
    assert!(page.text().contains("<title>Dayline’s API</title>"), "{}", page.text());
    let mut files: Vec<&str> =
        page.text().split(['"', '\'']).filter_map(|part| part.strip_prefix("./")).collect();
    files.retain(|file| !file.is_empty());
    assert!(files.len() >= 4, "{}", page.text());
    for file in files {
        let reply = server.get(&format!("/docs/{file}")).send().await;
        assert_eq!(reply.status, 200, "{file}");
    }
    assert!(!page.text().contains("http://") && !page.text().contains("https://"), "{}", page.text());
    let script = server.get("/docs/swagger-initializer.js").send().await;
    assert!(script.text().contains("/openapi.json"));
}
