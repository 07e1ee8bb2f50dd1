//! One record of the spool, as a line: eight hexadecimal digits of its checksum, a space, the text.

/// Most bytes of one record's text.
pub(super) const MAX_TEXT: usize = 16 << 10;
/// What a line has beside its text: checksum, space, end of line.
const BESIDE: usize = 10;

/// Adds a record to what is to be written. The text is one line.
pub(super) fn write(text: &str, lines: &mut Vec<u8>) {
    let checksum = crc32fast::hash(text.as_bytes());
    lines.reserve(text.len() + BESIDE);
    lines.extend_from_slice(format!("{checksum:08x} ").as_bytes());
    lines.extend_from_slice(text.as_bytes());
    lines.push(b'\n');
}

/// The text of a line without its end; `None` if it is not what was written.
pub(super) fn read(line: &[u8]) -> Option<&str> {
    let line = str::from_utf8(line).ok()?;
    let (checksum, text) = line.split_at_checked(8)?;
    let text = text.strip_prefix(' ')?;
    let written = u32::from_str_radix(checksum, 16).ok()?;
    (crc32fast::hash(text.as_bytes()) == written).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_line_that_differs_in_any_byte_is_not_read_as_another_text(
            text in r"\PC{1,60}", at in any::<prop::sample::Index>(), bits in 1..=255_u8,
        ) {
            let mut line = Vec::new();
            write(&text, &mut line);
            prop_assert_eq!(line.pop(), Some(b'\n'));
            prop_assert_eq!(read(&line), Some(text.as_str()));
            let at = at.index(line.len());
            line[at] ^= bits;
            // A digit of the checksum may be written as a capital letter too.
            prop_assert!(read(&line).is_none_or(|read| read == text), "{:?}", line);
        }

        #[test]
        fn a_line_that_was_cut_off_is_not_read(text in r"\PC{1,60}", keep in any::<prop::sample::Index>()) {
            let mut line = Vec::new();
            write(&text, &mut line);
            line.truncate(keep.index(line.len() - 1));
            prop_assert_eq!(read(&line), None);
        }
    }
}
