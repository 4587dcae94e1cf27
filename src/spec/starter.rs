//! The text that `init` writes.

/// Writes a small spec, commented, that loads as it stands.
pub fn starter(name: &str, region: &str) -> String {
    let name = toml::Value::from(name);
    let region = toml::Value::from(region);
    format!(
        r#"# What this stack traces on AWS X-Ray.
# `xrayctl plan` shows what would change, `xrayctl apply` changes it.

[stack]
name = {name}
region = {region}
# A plan against any other account is refused.
# account = "123456789012"

# Values to use below as "${{var.name}}"; `--var name=value` goes before them.
[vars]
default_rate = 0.05

# Health checks are many and tell little.
[sampling_rules.health]
priority = 10
url_path = "/health*"
reservoir_size = 0
fixed_rate = 0.01

# Everything else: one request a second, and then a share.
[sampling_rules.everything]
priority = 9000
reservoir_size = 1
fixed_rate = "${{var.default_rate}}"

# A view of all traces that went wrong.
[groups.errors]
filter_expression = "error = true OR fault = true"
insights_configuration = {{ insights_enabled = true }}

# `--env production` merges this over what stands above.
[env.production.vars]
default_rate = 0.1
"#
    )
}
