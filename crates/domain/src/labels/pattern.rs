//! Names with `*` for anything in them. Not here: which names are compared with which.

/// Whether a text is as a pattern says: equal, with any characters, or none, where the pattern has a
/// `*`. At most as many steps as the product of their lengths.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut here) = (0, 0);
    // After the last `*`, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while here < text.len() {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            star = Some((at, here));
        } else if pattern.get(at) == Some(&text[here]) {
            (at, here) = (at + 1, here + 1);
        } else if let Some((after, reached)) = star {
            (at, here) = (after, reached + 1);
            star = Some((after, reached + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// Whether a host is as a pattern says, or lies within one that is: `github.com` is also what
/// `gist.github.com` lies within.
pub(super) fn fits_host(pattern: &str, host: &str) -> bool {
    let mut rest = Some(host);
    while let Some(host) = rest {
        if fits(pattern, host) {
            return true;
        }
        rest = host.split_once('.').map(|(_, around)| around);
    }
    false
}

/// How exact a pattern is: its characters that are not `*`.
pub(super) fn exactness(pattern: &str) -> usize {
    pattern.chars().filter(|&c| c != '*').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a pattern means, said in the plainest way.
    fn means(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((&'*', rest)) => (0..=text.len()).any(|skipped| means(rest, &text[skipped..])),
            Some((first, rest)) => text.first() == Some(first) && means(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_it_means(pattern in "[ab*ü]{0,8}", text in "[abü]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(fits(&pattern, &text), means(&chars(&pattern), &chars(&text)));
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let (pattern, text) = ("*a".repeat(127), "a".repeat(126) + &"b".repeat(120));
        assert!(!fits(&pattern, &text));
    }

    #[test]
    fn a_host_includes_those_within_it() {
        for host in ["github.com", "gist.github.com", "a.b.github.com"] {
            assert!(fits_host("github.com", host), "{host}");
        }
        assert!(fits_host("google.*", "mail.google.co.uk") && fits_host("*.org", "a.b.org"));
        assert!(!fits_host("github.com", "nogithub.com") && !fits_host("gist.github.com", "github.com"));
    }
}
