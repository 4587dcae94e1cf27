//! Text that others wrote, made harmless to the terminal: names, values and
//! messages from a spec or from AWS may hold control characters.

/// Writes a text so that the terminal takes nothing in it for a command.
pub(super) fn visible(text: &str) -> String {
    // Most texts hold nothing else.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    shown
}

/// Appends one character in its visible form.
pub(super) fn push_visible(shown: &mut String, c: char) {
    match c {
        // A tab is drawn as blanks by the renderer.
        '\t' => shown.push(c),
        // Unicode has a picture of every control character of ASCII.
        '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
        '\u{7f}' => shown.push('\u{2421}'),
        // Control characters beyond ASCII, and those that turn the direction
        // of text around or join lines, have none.
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => shown.push('\u{fffd}'),
        c => shown.push(c),
    }
}

/// Tells whether a character is shown as it is, and is no tab.
pub(super) fn is_visible(c: char) -> bool {
    let mut shown = String::new();
    push_visible(&mut shown, c);
    c != '\t' && shown.starts_with(c)
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn leaves_nothing_for_the_terminal_to_obey() {
        assert_eq!(visible("a\x1b[31mb"), "a␛[31mb");
        assert_eq!(visible("a\u{9b}31m\u{202e}b"), "a\u{fffd}31m\u{fffd}b");
        assert_eq!(visible("naïve 名"), "naïve 名");
    }
}
