//! Words of errors.

/// An error's words, which have neither a capital nor a full stop, as a sentence.
pub(crate) fn sentence(words: &str) -> String {
    let stop = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{stop}", capitalized(words))
}

/// Words that begin with a capital.
pub(crate) fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errors_words_become_a_sentence() {
        assert_eq!(sentence("must not be empty"), "Must not be empty.");
        assert_eq!(sentence("is this so?"), "Is this so?");
        assert_eq!(sentence("ärger"), "Ärger.");
    }
}
