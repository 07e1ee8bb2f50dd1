//! The file that a form of a browser sends, or `curl -F`.

use http::{HeaderMap, header};

/// The first file of a form (`multipart/form-data`), or all of what is no form.
pub(super) fn file_in<'a>(headers: &HeaderMap, body: &'a str) -> &'a str {
    boundary(headers).and_then(|boundary| file(body, boundary)).unwrap_or(body)
}

/// What stands between the parts of a form.
fn boundary(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parts.find_map(|part| {
        let (name, boundary) = part.split_once('=')?;
        let boundary = boundary.trim_matches('"');
        (name.eq_ignore_ascii_case("boundary") && !boundary.is_empty()).then_some(boundary)
    })
}

fn file<'a>(body: &'a str, boundary: &str) -> Option<&'a str> {
    let between = format!("--{boundary}");
    let mut parts = body.split(between.as_str()).filter_map(|part| part.split_once("\r\n\r\n"));
    parts.find(|(head, _)| head.contains("filename=")).map(|(_, content)| content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content_type: &str, body: &str) -> String {
        let headers = [(header::CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
        file_in(&headers, body).trim().to_owned()
    }

    const FORM: &str = "--x7\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--x7\r\n\
        Content-Disposition: form-data; name=\"buckets.json\"; filename=\"a.json\"\r\n\
        Content-Type: application/json\r\n\r\n{\"buckets\": {}}\r\n--x7--\r\n";

    #[test]
    fn of_a_form_the_file_is_taken_and_of_all_else_everything() {
        for form in
            ["multipart/form-data; boundary=x7", "Multipart/Form-Data; charset=utf-8; Boundary=\"x7\""]
        {
            assert_eq!(of(form, FORM), "{\"buckets\": {}}", "{form}");
        }
        for plain in [
            "application/json",
            "text/plain; boundary=x7",
            "multipart/form-data",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(of(plain, "{}"), "{}", "{plain}");
        }
        let without_a_file = "--x7\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n--x7--";
        assert_eq!(of("multipart/form-data; boundary=x7", without_a_file), without_a_file);
    }
}
