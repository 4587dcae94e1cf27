//! Layers of a function that the spec names, among those of others.

/// Returns what a layer is but for its version: its ARN without the number at
/// its end, and without the version that ADOT writes into its layers' names.
/// `None` where it is no ARN of a layer version.
pub(super) fn family(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [prefix, _, service, _, account, kind, name, version] = parts.as_slice() else {
        return None;
    };
    let is_one = *prefix == "arn"
        && *service == "lambda"
        && *kind == "layer"
        && account.len() == 12
        && is_number(account)
        && !name.is_empty()
        && is_number(version);
    let (family, _) = arn.rsplit_once(':').filter(|_| is_one)?;
    Some(match family.rsplit_once("-ver-") {
        Some((plain, version)) if version.split('-').all(is_number) => plain,
        _ => family,
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether `layer` is one of `wanted`, in whatever version.
fn is_named(layer: &str, wanted: &[String]) -> bool {
    let is =
        |one: &String| one == layer || family(one).is_some_and(|one| family(layer) == Some(one));
    wanted.iter().any(is)
}

/// Lists those of `standing` that `wanted` names, in whatever version.
pub(super) fn named(standing: &[String], wanted: &[String]) -> Vec<String> {
    let named = standing.iter().filter(|layer| is_named(layer, wanted));
    named.cloned().collect()
}

/// Lists those of `standing` that `wanted` does not name.
pub(super) fn without(standing: &[String], wanted: &[String]) -> Vec<String> {
    let others = standing.iter().filter(|layer| !is_named(layer, wanted));
    others.cloned().collect()
}

/// Puts `wanted` into the places that they hold in `standing` already, in
/// their own order, and the rest of them behind the layers of others.
pub(super) fn merged(standing: &[String], wanted: &[String]) -> Vec<String> {
    let mut left = wanted.iter();
    let mut merged = Vec::new();
    for layer in standing {
        if is_named(layer, wanted) {
            merged.extend(left.next().cloned());
        } else {
            merged.push(layer.clone());
        }
    }
    merged.extend(left.cloned());
    merged
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn arn(name: &str, version: u8) -> String {
        format!("arn:aws:lambda:us-east-1:901920570463:layer:{name}:{version}")
    }

    #[test]
    fn a_version_is_no_part_of_what_a_layer_is() {
        let plain = "arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64";
        for name in ["aws-otel-python-amd64", "aws-otel-python-amd64-ver-1-32-0"] {
            assert_eq!(family(&arn(name, 7)), Some(plain));
        }
        let other = arn("driver-ver-a", 1);
        assert!(family(&other).unwrap().ends_with("driver-ver-a"));
        assert_eq!(family(plain), None);
        assert_eq!(family("arn:aws:lambda:us-east-1:1:layer:a:1"), None);
    }

    #[test]
    fn layers_of_others_stay_where_they_are() {
        let (pandas, orm) = (arn("pandas", 3), arn("orm", 1));
        let standing = [
            arn("otel-ver-1-0-0", 1),
            pandas.clone(),
            arn("insights", 2),
            orm.clone(),
        ];
        let wanted = [arn("insights", 5), arn("otel-ver-2-0-0", 1), arn("new", 1)];
        assert_eq!(
            merged(&standing, &wanted),
            [
                wanted[0].clone(),
                pandas.clone(),
                wanted[1].clone(),
                orm.clone(),
                wanted[2].clone(),
            ]
        );
        assert_eq!(without(&standing, &wanted), [pandas, orm]);
    }

    fn layers() -> impl Strategy<Value = Vec<String>> {
        vec((0_u8..6, 0_u8..3), 0..6).prop_map(|all| {
            all.iter()
                .map(|(name, version)| arn(&format!("l{name}"), *version))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_merged_is_as_wanted_and_loses_nothing(standing in layers(), mut wanted in layers()) {
            wanted.sort();
            wanted.dedup_by(|a, b| family(a) == family(b));
            let merged = merged(&standing, &wanted);
            prop_assert_eq!(named(&merged, &wanted), wanted.clone());
            prop_assert_eq!(without(&merged, &wanted), without(&standing, &wanted));
        }
    }
}
