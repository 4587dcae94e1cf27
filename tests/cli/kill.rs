//! Commands that are ended in the middle: by `kill -9` and by Ctrl-C.

use std::thread;
use std::time::Instant;

use crate::cloud::Cloud;
use crate::harness::{PATIENCE, PAUSE, Running, Scenario};
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE, without};

/// Runs `line` again and again, each time on an AWS as `prepare` leaves it,
/// and kills it after the first, the second, … mutating call that AWS has
/// carried out. Each time, running it once more must lead to what an
/// undisturbed run leads to.
fn killed_at_every_step(spec: &str, line: &str, prepare: impl Fn(&Cloud)) {
    let undisturbed = Cloud::start();
    prepare(&undisturbed);
    undisturbed.scenario(spec).run(line).succeeds();
    let expected = unmarked(&undisturbed);
    for step in 1.. {
        let cloud = Cloud::start();
        prepare(&cloud);
        let proxy = Proxy::before(&cloud);
        let scenario = proxy.scenario(spec);
        let held = proxy.hold_mutation(step);
        let mut running = scenario.start(line);
        if !held.is_reached(&mut running) {
            running.finish().succeeds();
            assert!(step > 1, "`{line}` changes nothing");
            return;
        }
        running.kill();
        assert_eq!(running.finish().code, None);
        drop(held);
        scenario.run(line).succeeds();
        assert_eq!(unmarked(&cloud), expected, "killed after call {step}");
        let again = scenario.run(line).succeeds();
        assert!(again.stdout.contains("No changes."), "{again}");
    }
}

/// Everything that stands once AWS has carried it out, without the
/// fingerprints of what was applied.
fn unmarked(cloud: &Cloud) -> String {
    let fingerprint = regex::Regex::new(r"[0-9a-f]{24}").unwrap();
    let started = Instant::now();
    loop {
        let inventory = cloud.inventory();
        if !inventory.contains("PENDING") && !inventory.contains("UPDATING") {
            let unmarked = fingerprint.replace_all(&inventory, "[fingerprint]");
            return unmarked.into_owned();
        }
        assert!(started.elapsed() < PATIENCE, "{inventory}");
        thread::sleep(PAUSE);
    }
}

#[test]
fn an_apply_killed_at_every_step_and_run_again_converges() {
    killed_at_every_step(FULL, "apply --auto-approve --parallelism 1", |_| {});
}

#[test]
fn an_apply_of_many_at_a_time_killed_at_every_step_and_run_again_converges() {
    killed_at_every_step(FULL, "apply --auto-approve", |_| {});
}

#[test]
fn an_apply_of_changes_killed_at_every_step_and_run_again_converges() {
    let changed = FULL
        .replace("priority = 100", "priority = 101")
        .replace("tags = { owner = \"ann\" }", "tags = { owner = \"bob\" }")
        .replace("\"error OR fault\"", "\"fault\"")
        .replace("\"traces at rest\"", "\"traces\"")
        .replace(
            "rotation_period_in_days = 180",
            "rotation_period_in_days = 90",
        )
        .replace("\"Sid\": \"Sns\"", "\"Sid\": \"Topics\"")
        .replace("\"CloudWatchLogs\"", "\"XRay\"")
        .replace("fixed_rate = 0.02", "fixed_rate = 0.03");
    let changed = format!(
        "{}\n[sampling_rules.new]\npriority = 5\nfixed_rate = 0.5\n",
        changed.replace(
            "[groups.errors]",
            "[groups.errors]\ngroup_name = \"failures\""
        )
    );
    killed_at_every_step(&changed, "apply --auto-approve --parallelism 1", |cloud| {
        cloud.scenario(FULL).apply();
    });
}

#[test]
fn a_destroy_killed_at_every_step_and_run_again_converges() {
    killed_at_every_step(FULL, "destroy --auto-approve --parallelism 1", |cloud| {
        cloud.scenario(FULL).apply();
    });
}

/// Waits until a command says `text` on stderr.
fn wait_for(running: &Running, text: &str) {
    let started = Instant::now();
    while !running.stderr().contains(text) {
        assert!(started.elapsed() < PATIENCE, "{}", running.stderr());
        thread::sleep(PAUSE);
    }
}

/// An apply whose first call AWS has carried out, and whose answer waits.
fn held_apply(proxy: &Proxy, scenario: &Scenario) -> (crate::proxy::Held, Running) {
    let held = proxy.hold_next("CreateGroup");
    let mut running = scenario.start("apply --auto-approve --parallelism 1");
    assert!(held.is_reached(&mut running));
    (held, running)
}

const GROUP_AND_RULE: &str = "\n[groups.errors]\nfilter_expression = \"error\"\n";

#[test]
fn ctrl_c_lets_the_call_in_flight_finish_and_begins_no_other() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{RULE}{GROUP_AND_RULE}"));
    let (held, running) = held_apply(&proxy, &scenario);
    running.interrupt();
    wait_for(&running, "Stopping");
    drop(held);
    let apply = running.finish().ends_with(1);
    assert!(
        apply.stderr.contains("group.errors: Creation complete"),
        "{apply}"
    );
    let told = apply.snapshot();
    let (_, told) = told.split_once("Plan: ").unwrap();
    assert!(
        told.contains("Apply incomplete! Resources: 1 added, 0 changed, 0 destroyed.")
            && told.contains("Stopping: waiting for 1 step under way")
            && told.contains("stopped before 1 resource"),
        "{told}"
    );
    assert_eq!(proxy.take_mutations(), ["CreateGroup"]);
    assert_eq!(cloud.groups().len(), 1);
    scenario
        .apply()
        .prints("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.");
    scenario.is_settled();
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{RULE}{GROUP_AND_RULE}"));
    let (held, running) = held_apply(&proxy, &scenario);
    running.interrupt();
    wait_for(&running, "Stopping");
    running.interrupt();
    // The call is still held: nothing but the signal ends it.
    running.finish().ends_with(1);
    drop(held);
    scenario.apply();
    scenario.is_settled();
}

#[test]
fn ctrl_c_during_the_plan_ends_with_nothing_changed() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(RULE);
    let held = proxy.hold_next("GetSamplingRules");
    let mut running = scenario.start("apply --auto-approve");
    assert!(held.is_reached(&mut running));
    running.interrupt();
    let ended = running.finish();
    assert_ne!(ended.code, Some(0), "{ended}");
    drop(held);
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn what_leaves_the_spec_after_a_kill_is_deleted() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    let held = proxy.hold_next("CreateKey");
    let mut running = scenario.start("apply --auto-approve --parallelism 1");
    assert!(held.is_reached(&mut running));
    running.kill();
    running.finish();
    drop(held);
    let spec = without(FULL, "[kms_keys.traces]");
    scenario.spec(&without(&spec, "[encryption]"));
    scenario.apply();
    assert_eq!(cloud.only_key()["KeyState"], "PendingDeletion");
    scenario.is_settled();
}
