//! A database's URL, and its two parts.

/// The server and the database of `postgresql://host:5432/name`; `None` where it
/// does not have both.
pub(super) fn split(url: &str) -> Option<(&str, &str)> {
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    let (connection, name) = path.rsplit_once('/')?;
    let (scheme, server) = connection.split_once("//")?;
    let whole = !scheme.is_empty() && !server.is_empty() && !name.is_empty();
    whole.then_some((connection, name))
}

/// The URL of a server and a database.
pub(super) fn join(connection: &str, name: &str) -> String {
    format!("{connection}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_two_parts() {
        let cases = [
            (
                "jdbc:postgresql://aawijb5u25wdoy.cpamxznpdoq8.us-west-2.rds.amazonaws.com:5432/ebdb",
                Some((
                    "jdbc:postgresql://aawijb5u25wdoy.cpamxznpdoq8.us-west-2.rds.amazonaws.com:5432",
                    "ebdb",
                )),
            ),
            ("mysql://h/a?b=/c", Some(("mysql://h", "a"))),
            ("mysql://h/", None),
            ("mysql://h", None),
            ("//h/a", None),
            ("a", None),
            ("", None),
        ];
        for (url, expected) in cases {
            assert_eq!(split(url), expected, "{url}");
        }
    }
}
