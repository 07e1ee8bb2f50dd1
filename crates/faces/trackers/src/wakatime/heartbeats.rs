//! The bodies in which heartbeats come: one, an array of them, or a JSON string that holds either, as some
//! editors in browsers encode twice. Not here: a heartbeat's fields (`dayline_foreign::wakatime`).

use std::borrow::Cow;

use dayline_http_kit::Problem;
use dayline_http_kit::fields::malformed_detail;
use serde_json::value::RawValue;

/// Most heartbeats in one request; clients send 25 at most.
pub(super) const MAX_HEARTBEATS: usize = 1_000;

/// The text without the string around it, if there is one.
pub(super) fn unwrapped(text: &str) -> Result<Cow<'_, str>, Problem> {
    if text.trim_ascii_start().starts_with('"') {
        return serde_json::from_str(text).map(Cow::Owned).map_err(|error| malformed(&error));
    }
    Ok(Cow::Borrowed(text))
}

/// The elements of a body, each of which gets its part of the answer, whatever it is.
pub(super) fn elements(text: &str) -> Result<Vec<&RawValue>, Problem> {
    let elements: Vec<&RawValue> = if text.trim_ascii_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| malformed(&error))?
    } else {
        vec![serde_json::from_str(text).map_err(|error| malformed(&error))?]
    };
    if elements.len() > MAX_HEARTBEATS {
        let detail = format!("send at most {MAX_HEARTBEATS} heartbeats at once");
        return Err(Problem::too_large("too_many_heartbeats", detail));
    }
    Ok(elements)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::malformed("malformed_json", malformed_detail(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements_of(body: &str) -> Result<Vec<String>, &'static str> {
        let text = unwrapped(body).map_err(|problem| problem.code())?;
        let elements = elements(&text).map_err(|problem| problem.code())?;
        Ok(elements.into_iter().map(|element| element.get().to_owned()).collect())
    }

    #[test]
    fn one_an_array_and_a_string_of_either_are_read() {
        let one = r#"{"entity":"a \" b"}"#;
        let array = format!("[{one},null,7]");
        let twice = |text: &str| serde_json::to_string(text).unwrap();
        for body in [one.to_owned(), format!(" \n{one} "), twice(one)] {
            assert_eq!(elements_of(&body).unwrap(), [one], "{body}");
        }
        for body in [array.clone(), format!("\t{array}"), twice(&array)] {
            assert_eq!(elements_of(&body).unwrap(), [one, "null", "7"], "{body}");
        }
        assert_eq!(elements_of("[]").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_element_that_no_text_can_hold_does_not_cost_the_others() {
        let body = r#"[{"entity":"\udcff"},{"entity":"a"}]"#;
        assert_eq!(elements_of(body).unwrap(), [r#"{"entity":"\udcff"}"#, r#"{"entity":"a"}"#]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for body in ["", "x", "[", r#"[{"a":1}"#, r#"{"a":1} x"#, r#""x""#, r#""[""#] {
            assert_eq!(elements_of(body), Err("malformed_json"), "{body}");
        }
    }

    #[test]
    fn more_than_a_request_may_have_are_refused() {
        let body = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(elements_of(&body(MAX_HEARTBEATS)).unwrap().len(), MAX_HEARTBEATS);
        assert_eq!(elements_of(&body(MAX_HEARTBEATS + 1)), Err("too_many_heartbeats"));
    }
}
