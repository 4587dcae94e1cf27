//! AWS that cannot be reached, or does not let us in.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use socket2::{Domain, Socket, Type};

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

#[test]
fn an_endpoint_that_nobody_serves() {
    // Bound, so that no other test gets the port; nobody listens.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let url = format!("http://{address}");
    let scenario = Scenario::at(&url, FULL);
    let started = Instant::now();
    let plan = scenario.plan().ends_with(1);
    assert_snapshot!(plan.snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: STS GetCallerIdentity got no answer: Connection refused (os error 111)
      hint: check the network, the region and the endpoint (--endpoint-url, AWS_ENDPOINT_URL)
    --- exit 1
    ");
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_endpoint_that_is_no_address() {
    let scenario = Scenario::at("nonsense", RULE);
    scenario.plan().ends_with(1);
}

#[test]
fn an_endpoint_that_is_not_aws() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.fail_where(|_| true, (404, "", "<html>not here</html>"));
    let scenario = proxy.scenario(RULE);
    scenario.plan().ends_with(1);
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn no_credentials() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy
        .scenario(FULL)
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY");
    scenario
        .plan()
        .ends_with(1)
        .says("error: STS GetCallerIdentity: no valid credentials")
        .says("hint: set AWS_PROFILE or --profile, run `aws sso login`, or use --local");
    scenario.run("apply --auto-approve").ends_with(1);
    assert_eq!(proxy.take_calls().len(), 0);
}

#[test]
fn a_profile_that_is_not_there() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy
        .scenario(RULE)
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY");
    scenario
        .run("--profile nobody plan")
        .ends_with(1)
        .says("no valid credentials");
    assert_eq!(proxy.take_calls().len(), 0);
}

/// Everything that AWS is asked answers with `code`.
fn everywhere(status: u16, code: &'static str, message: &str) -> (Cloud, Proxy) {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.fail_where(|_| true, (status, code, message));
    (cloud, proxy)
}

#[test]
fn expired_credentials() {
    let (_cloud, proxy) = everywhere(
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    );
    let scenario = proxy.scenario(FULL);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: STS GetCallerIdentity: no valid credentials: ExpiredTokenException: The security token included in the request is expired (request id [uuid])
      hint: set AWS_PROFILE or --profile, run `aws sso login`, or use --local for the embedded AWS
    --- exit 1
    ");
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn credentials_that_expire_during_an_apply() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let message = "The security token included in the request is expired";
    proxy.fail(
        "CreateSamplingRule",
        usize::MAX,
        (403, "ExpiredTokenException", message),
    );
    let scenario = proxy.scenario(RULE);
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("no valid credentials")
        .says("set AWS_PROFILE or --profile");
    proxy.mend();
    scenario.apply();
    scenario.is_settled();
}

#[test]
fn credentials_that_aws_does_not_know() {
    let (_cloud, proxy) = everywhere(
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    );
    let scenario = proxy.scenario(RULE);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: STS GetCallerIdentity: no valid credentials: UnrecognizedClientException: The security token included in the request is invalid. (request id [uuid])
      hint: set AWS_PROFILE or --profile, run `aws sso login`, or use --local for the embedded AWS
    --- exit 1
    ");
}

#[test]
fn an_endpoint_of_another_region() {
    let (_cloud, proxy) = everywhere(
        403,
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'us-east-1'.",
    );
    let scenario = proxy.scenario(RULE);
    let plan = scenario.plan().ends_with(1);
    plan.says("Credential should be scoped to a valid region, not 'us-east-1'.");
}

#[test]
fn another_region_than_the_spec_says() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(RULE);
    let plan = scenario.run("--region eu-west-1 plan").ends_with(1);
    assert_snapshot!(plan.snapshot(), @r"
    $ xrayctl --region eu-west-1 plan
    --- stderr
    error: the stack `shop` is for region us-east-1, but the command line says eu-west-1
      hint: change `region` in `[stack]`, or choose another environment with --env
    --- exit 1
    ");
    assert_eq!(proxy.take_calls().len(), 0);
}

#[test]
fn the_region_of_the_spec_counts_and_not_that_of_the_environment() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE).with("AWS_REGION", "eu-west-1");
    let plan = scenario.plan().ends_with(2);
    assert!(
        plan.stdout.contains("(account 123456789012, us-east-1)"),
        "{plan}"
    );
    scenario.apply();
    assert_eq!(cloud.rules().len(), 1);
}

#[test]
fn the_endpoint_may_come_from_the_environment() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE).with("AWS_ENDPOINT_URL", &cloud.url());
    scenario.run_words(&["apply", "--auto-approve"]).succeeds();
    assert_eq!(cloud.rules().len(), 1);
}

/// One line that can be read, not the whole chain of the SDK.
#[test]
fn no_credentials_is_told_in_a_line_that_can_be_read() {
    let cloud = Cloud::start();
    let scenario = cloud
        .scenario(RULE)
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY");
    let plan = scenario.plan().ends_with(1);
    assert!(!plan.stderr.contains('\u{240a}'), "{plan}");
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let cloud = Cloud::start();
    let scenario = cloud
        .scenario(RULE)
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY");
    let plan = scenario.run("--profile nobody plan").ends_with(1);
    plan.says("nobody");
}

#[test]
fn a_hint_for_another_region_speaks_of_the_region() {
    let (_cloud, proxy) = everywhere(
        403,
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'us-east-1'.",
    );
    let plan = proxy.scenario(RULE).plan().ends_with(1);
    let hint = plan.stderr.lines().find(|line| line.contains("hint: "));
    assert!(hint.is_some_and(|hint| hint.contains("region")), "{plan}");
}
