//! The planner on types made up for it: it may know no real one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::diff::{Request, Sides, plan};
use super::order::{Half, schedule, selected};
use super::{Action, Catalog, Mode, Plan, Reason, Target, fingerprint};
use crate::model::live::{APPLIED_TAG, NAME_TAG, STACK_TAG};
use crate::model::{
    Address, Attributes, Desired, Diagnostics, Facts, Lifecycle, Live, Reference, ReplaceOrder,
    Tags,
};

const STACK: &str = "shop";

const VASE: Facts = Facts {
    kind: "vase",
    table: "vases",
    title: "vase",
    terraform: "aws_toy",
    docs: "",
    lifecycle: Lifecycle::Collection,
    taggable: true,
    name_field: None,
    replace_on: &["material"],
    replace_order: ReplaceOrder::CreateFirst,
    documents: &[],
    unmanaged_when_absent: &["colour"],
    refers_to: &[],
    holds_data: false,
};

const FLOWER: Facts = Facts {
    kind: "flower",
    table: "flowers",
    title: "flower",
    terraform: "aws_toy",
    replace_on: &["species"],
    replace_order: ReplaceOrder::DeleteFirst,
    unmanaged_when_absent: &[],
    refers_to: &["vase"],
    holds_data: false,
    ..VASE
};

const GARLAND: Facts = Facts {
    kind: "garland",
    table: "garlands",
    title: "garland",
    replace_on: &["flower"],
    refers_to: &["flower"],
    ..FLOWER
};

const LIGHT: Facts = Facts {
    kind: "light",
    table: "light",
    title: "light",
    terraform: "aws_toy",
    lifecycle: Lifecycle::Setting,
    taggable: false,
    replace_on: &[],
    unmanaged_when_absent: &[],
    refers_to: &["vase"],
    holds_data: false,
    ..VASE
};

/// Made by others; the spec says how it hangs.
const DOOR: Facts = Facts {
    kind: "door",
    table: "doors",
    title: "door",
    lifecycle: Lifecycle::Existing,
    replace_on: &[],
    unmanaged_when_absent: &[],
    ..VASE
};

/// Holds what people keep in it.
const CHEST: Facts = Facts {
    kind: "chest",
    table: "chests",
    title: "chest",
    replace_on: &["lock"],
    unmanaged_when_absent: &[],
    holds_data: true,
    ..VASE
};

struct Shop;

impl Catalog for Shop {
    fn same_document(&self, _: &str, left: &Value, right: &Value) -> bool {
        left == right
    }

    fn facts(&self, kind: &str) -> Option<&'static Facts> {
        [&VASE, &FLOWER, &GARLAND, &LIGHT, &DOOR, &CHEST]
            .into_iter()
            .find(|facts| facts.kind == kind)
    }

    fn comparable(&self, _: &str, written: &Attributes) -> Option<Attributes> {
        Some(written.clone())
    }

    fn aws_default(&self, kind: &str) -> Option<Attributes> {
        (kind == "light").then(|| fields(&json!({"level": 1})))
    }
}

fn fields(value: &Value) -> Attributes {
    value.as_object().unwrap().clone()
}

fn want(address: &str, value: &Value) -> Desired {
    let address: Address = address.parse().unwrap();
    let facts = Shop.facts(address.kind()).unwrap();
    Desired {
        key: address.name().unwrap_or_default().to_owned(),
        written: fields(value),
        attributes: fields(value),
        tags: facts.taggable.then(Tags::new),
        references: Vec::new(),
        depends_on: Vec::new(),
        protect: false,
        ignore: Vec::new(),
        source: None,
        address,
    }
}

/// What stands once `desired` was applied by the stack.
fn applied(desired: &Desired) -> Live {
    let facts = Shop.facts(desired.address.kind()).unwrap();
    let managed: Vec<String> = desired.attributes.keys().cloned().collect();
    let hash = fingerprint::of_resource(&managed, &desired.attributes, desired.tags.as_ref());
    let mut tags = desired.tags.clone().unwrap_or_default();
    tags.insert(STACK_TAG.to_owned(), STACK.to_owned());
    if let Some(name) = desired.address.name() {
        tags.insert(NAME_TAG.to_owned(), name.to_owned());
    }
    tags.insert(APPLIED_TAG.to_owned(), hash);
    Live {
        kind: facts.kind.to_owned(),
        key: desired.key.clone(),
        attributes: desired.attributes.clone(),
        tags: facts.taggable.then_some(tags),
        outputs: fields(&json!({"arn": format!("arn:{}", desired.key)})),
        deletion_scheduled: false,
        status: Attributes::new(),
    }
}

fn request(mode: Mode) -> Request {
    Request {
        mode,
        target: Target {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
        },
        adopt: false,
        delete_data: false,
        only: Vec::new(),
    }
}

fn try_plan(desired: &[Desired], live: &[Live], request: &Request) -> Result<Plan, Diagnostics> {
    let sides = Sides {
        catalog: &Shop,
        stack: STACK,
        desired,
        live,
    };
    plan(sides, request)
}

fn make(desired: &[Desired], live: &[Live]) -> Plan {
    try_plan(desired, live, &request(Mode::Apply)).unwrap()
}

fn actions(plan: &Plan) -> BTreeMap<String, Action> {
    plan.changes
        .iter()
        .map(|change| (change.address.to_string(), change.action))
        .collect()
}

fn refusals(result: Result<Plan, Diagnostics>) -> Vec<String> {
    let diagnostics = result.unwrap_err();
    diagnostics.iter().map(|one| one.summary.clone()).collect()
}

#[test]
fn a_changed_field_is_an_update_of_that_field_alone() {
    let vase = want(
        "vase.a",
        &json!({"material": "clay", "height": 3, "colour": null}),
    );
    let mut live = applied(&vase);
    live.attributes["height"] = json!(4);
    let plan = make(&[vase], &[live]);
    let change = &plan.changes[0];
    assert_eq!(change.action, Action::Update);
    assert_eq!(change.fields.len(), 1);
    assert_eq!(change.fields[0].path, ["height"]);
    assert_eq!(change.reason, Some(Reason::Drift));
}

#[test]
fn a_field_that_is_left_to_others_is_no_change() {
    let vase = want("vase.a", &json!({"material": "clay", "colour": null}));
    let mut live = applied(&vase);
    live.attributes["colour"] = json!("blue");
    assert!(!make(std::slice::from_ref(&vase), std::slice::from_ref(&live)).has_changes());

    let mut ignoring = want("vase.a", &json!({"material": "clay", "height": 3}));
    ignoring.ignore = vec!["height".to_owned()];
    live.attributes.insert("height".to_owned(), json!(9));
    let plan = make(&[ignoring], &[live]);
    assert!(!plan.has_changes());
    assert_eq!(plan.changes[0].written.as_ref().unwrap()["height"], 9);
}

#[test]
fn the_last_apply_tells_who_made_the_difference() {
    let before = want("vase.a", &json!({"material": "clay", "height": 3}));
    let after = want("vase.a", &json!({"material": "clay", "height": 5}));
    let reason = |desired: &Desired, live: &Live| {
        make(std::slice::from_ref(desired), std::slice::from_ref(live)).changes[0].reason
    };
    let live = applied(&before);
    assert_eq!(reason(&after, &live), Some(Reason::SpecChanged));
    let mut drifted = live.clone();
    drifted.attributes["height"] = json!(7);
    assert_eq!(reason(&before, &drifted), Some(Reason::Drift));
    assert_eq!(reason(&after, &drifted), Some(Reason::SpecAndDrift));
    drifted.tags.as_mut().unwrap().remove(APPLIED_TAG);
    assert_eq!(reason(&after, &drifted), Some(Reason::Differs));
}

#[test]
fn a_new_key_under_the_same_name_is_the_same_resource() {
    let old = want("flower.rose", &json!({"species": "rosa"}));
    let mut new = want("flower.rose", &json!({"species": "rosa canina"}));
    new.key = "dog-rose".to_owned();
    let plan = make(&[new], &[applied(&old)]);
    assert_eq!(
        actions(&plan),
        [("flower.rose".to_owned(), Action::Replace)].into()
    );
    assert_eq!(plan.counts().add, 1);
    assert_eq!(plan.counts().destroy, 1);
}

#[test]
fn what_the_spec_no_longer_names_is_deleted_if_it_is_ours() {
    let ours = applied(&want("vase.a", &json!({"height": 1})));
    let mut theirs = applied(&want("vase.b", &json!({"height": 1})));
    let tags = theirs.tags.as_mut().unwrap();
    tags.insert(STACK_TAG.to_owned(), "bar".to_owned());
    let mut going = applied(&want("vase.c", &json!({"height": 1})));
    going.deletion_scheduled = true;
    let plan = make(&[], &[ours, theirs, going]);
    assert_eq!(
        actions(&plan),
        [("vase.a".to_owned(), Action::Delete)].into()
    );
}

#[test]
fn what_is_not_ours_is_refused() {
    let vase = want("vase.a", &json!({"height": 1}));
    let mut live = applied(&vase);
    live.tags = Some(Tags::new());
    let both = |live: &Live, request: &Request| {
        try_plan(
            std::slice::from_ref(&vase),
            std::slice::from_ref(live),
            request,
        )
    };
    let mut request = request(Mode::Apply);
    assert_eq!(
        refusals(both(&live, &request)),
        ["vase `a` exists already and no stack owns it"]
    );
    request.adopt = true;
    let plan = both(&live, &request).unwrap();
    assert_eq!(plan.changes[0].action, Action::Adopt);
    assert_eq!(plan.counts().import, 1);

    live.tags = Some(Tags::from([(STACK_TAG.to_owned(), "bar".to_owned())]));
    assert_eq!(
        refusals(both(&live, &request)),
        ["vase `a` belongs to the stack `bar`"]
    );
    request.mode = Mode::Destroy;
    assert!(!both(&live, &request).unwrap().has_changes());
    live.tags = Some(Tags::new());
    assert!(!both(&live, &request).unwrap().has_changes());
}

#[test]
fn a_name_that_another_took_is_refused_and_ours_is_kept() {
    let mut vase = want("vase.a", &json!({"height": 1}));
    let mut ours = applied(&vase);
    ours.key = "elsewhere".to_owned();
    let mut theirs = applied(&vase);
    theirs.tags = Some(Tags::new());
    vase.protect = true;
    let live = [ours, theirs];
    let mut request = request(Mode::Apply);
    for adopt in [false, true] {
        request.adopt = adopt;
        let result = try_plan(std::slice::from_ref(&vase), &live, &request);
        assert_eq!(
            refusals(result),
            ["`a` is not this stack's, whose own vase.a is arn:a"]
        );
    }
    vase.protect = false;
    request.mode = Mode::Destroy;
    let plan = try_plan(&[vase], &live, &request).unwrap();
    assert_eq!(plan.changes[0].key, "elsewhere");
}

#[test]
fn a_resource_renamed_in_the_spec_is_tagged_anew() {
    let old = applied(&want("vase.a", &json!({"height": 1})));
    let mut new = want("vase.b", &json!({"height": 1}));
    new.key = "a".to_owned();
    let plan = make(&[new], &[old]);
    let change = &plan.changes[0];
    assert_eq!((change.action, change.importing), (Action::Adopt, false));
    assert_eq!(change.reason, Some(Reason::Renamed));
}

#[test]
fn only_what_others_changed_is_drift() {
    let vase = want("vase.a", &json!({"height": 1}));
    let new = want("vase.b", &json!({"height": 1}));
    let edited = want("vase.a", &json!({"height": 2}));
    let mut live = applied(&vase);
    let refresh = request(Mode::RefreshOnly);
    let drifts = |desired: &[Desired], live: &[Live]| {
        try_plan(desired, live, &refresh).unwrap().has_changes()
    };
    assert!(!drifts(
        std::slice::from_ref(&edited),
        std::slice::from_ref(&live)
    ));
    assert!(drifts(&[edited.clone(), new], std::slice::from_ref(&live)));
    live.attributes["height"] = json!(3);
    assert!(drifts(&[vase], std::slice::from_ref(&live)));
    assert!(drifts(&[edited], &[live]));
}

#[test]
fn protection_refuses_deletion_and_replacement() {
    let mut vase = want("vase.a", &json!({"material": "clay"}));
    vase.protect = true;
    let mut live = applied(&vase);
    let destroy = request(Mode::Destroy);
    let destroyed = try_plan(
        std::slice::from_ref(&vase),
        std::slice::from_ref(&live),
        &destroy,
    );
    assert_eq!(
        refusals(destroyed),
        ["vase `a` is protected and would be deleted"]
    );
    live.attributes["material"] = json!("glass");
    let replaced = try_plan(&[vase], &[live], &request(Mode::Apply));
    assert_eq!(
        refusals(replaced),
        ["vase `a` is protected and would be replaced"]
    );
}

fn light_on(vase: &str) -> Desired {
    let mut light = want("light", &json!({"level": 5, "vase": vase}));
    light.references = vec![Reference {
        field: "/vase".to_owned(),
        to: Address::new("vase", vase),
        output: "arn".to_owned(),
    }];
    light
}

#[test]
fn a_reference_is_known_once_what_it_names_stands() {
    let vase = want("vase.a", &json!({"material": "clay"}));
    let light = light_on("a");
    let off = applied(&want("light", &json!({"level": 5, "vase": null})));
    let plan = make(&[light.clone(), vase.clone()], std::slice::from_ref(&off));
    let field = &plan.changes[0].fields[0];
    assert!(field.unknown && field.after.is_none());
    let plan = make(&[light, vase.clone()], &[off, applied(&vase)]);
    assert_eq!(plan.changes[0].fields[0].after, Some(json!("arn:a")));
}

/// The order of the steps, as `address/half`, where one has to wait.
fn waits(plan: &Plan) -> BTreeSet<(String, String)> {
    let steps = schedule(&Shop, plan);
    let name = |index: usize| {
        let step = &steps[index];
        let half = match step.half {
            Half::Put => "put",
            Half::Remove => "remove",
        };
        format!("{}/{half}", plan.changes[step.change].address)
    };
    (0..steps.len())
        .flat_map(|later| {
            steps[later]
                .after
                .iter()
                .map(move |&earlier| (earlier, later))
        })
        .map(|(earlier, later)| (name(earlier), name(later)))
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    list.iter()
        .map(|(first, second)| ((*first).to_owned(), (*second).to_owned()))
        .collect()
}

#[test]
fn a_replacement_moves_its_users_before_the_old_one_goes() {
    let vase = want("vase.a", &json!({"material": "glass"}));
    let mut old = applied(&vase);
    old.attributes["material"] = json!("clay");
    let lit = applied(&want("light", &json!({"level": 5, "vase": "arn:old"})));
    let plan = make(&[vase, light_on("a")], &[old, lit]);
    assert_eq!(
        waits(&plan),
        pairs(&[
            ("vase.a/put", "vase.a/remove"),
            ("vase.a/put", "light/put"),
            ("light/put", "vase.a/remove"),
        ])
    );
}

#[test]
fn what_a_setting_let_go_of_is_deleted_after_it() {
    let old = applied(&want("vase.a", &json!({"material": "clay"})));
    let lit = applied(&want("light", &json!({"level": 5, "vase": "arn:a"})));
    let dark = want("light", &json!({"level": 5, "vase": null}));
    let plan = make(&[dark], &[old, lit]);
    assert_eq!(waits(&plan), pairs(&[("light/put", "vase.a/remove")]));
}

#[test]
fn destroy_puts_settings_back_and_deletes_in_reverse() {
    let vase = want("vase.a", &json!({"material": "clay"}));
    let lit = applied(&want("light", &json!({"level": 5, "vase": "arn:a"})));
    let desired = [vase.clone(), light_on("a")];
    let plan = try_plan(&desired, &[applied(&vase), lit], &request(Mode::Destroy)).unwrap();
    assert_eq!(
        actions(&plan),
        [
            ("light".to_owned(), Action::Update),
            ("vase.a".to_owned(), Action::Delete)
        ]
        .into()
    );
    assert_eq!(waits(&plan), pairs(&[("light/put", "vase.a/remove")]));
}

#[test]
fn circles_are_told_with_their_members() {
    let mut one = want("vase.a", &json!({}));
    one.depends_on = vec![Address::new("vase", "b")];
    let mut two = want("vase.b", &json!({}));
    two.depends_on = vec![Address::new("vase", "a")];
    let mut alone = want("vase.c", &json!({}));
    alone.depends_on = vec![Address::new("vase", "c")];
    let result = try_plan(&[one, two, alone], &[], &request(Mode::Apply));
    let mut told = refusals(result);
    told.sort();
    assert_eq!(
        told,
        [
            "vase.a, vase.b refer to one another in a circle",
            "vase.c refers to itself"
        ]
    );
}

#[test]
fn a_target_takes_what_it_needs_along() {
    let vase = want("vase.a", &json!({"material": "clay"}));
    let other = want("vase.b", &json!({"material": "clay"}));
    let off = applied(&want("light", &json!({"level": 5, "vase": null})));
    let mut request = request(Mode::Apply);
    request.only = vec![Address::setting("light")];
    let all = vec![vase, other, light_on("a")];
    let cut = selected(all.clone(), &request.only, Mode::Apply);
    let plan = try_plan(&cut, &[off], &request).unwrap();
    let kept: Vec<String> = actions(&plan).into_keys().collect();
    assert_eq!(kept, ["light", "vase.a"]);
    assert!(plan.is_partial);

    // To destroy, what needs it goes along.
    let names = |desired: Vec<Desired>| -> Vec<String> {
        desired.iter().map(|one| one.address.to_string()).collect()
    };
    let vase_alone = [Address::new("vase", "a")];
    let going = selected(all.clone(), &vase_alone, Mode::Destroy);
    assert_eq!(names(going), ["vase.a", "light"]);
    assert_eq!(names(selected(all, &vase_alone, Mode::Apply)), ["vase.a"]);

    request.only = vec![Address::new("vase", "z")];
    assert_eq!(
        refusals(try_plan(&[], &[], &request)),
        ["there is no `vase.z` to target"]
    );
}

fn any_fields() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        prop::collection::vec(any::<i8>(), 0..3).prop_map(Value::from),
    ];
    let nested = prop::collection::btree_map("[a-c]", leaf.clone(), 0..3)
        .prop_map(|fields| Value::Object(fields.into_iter().collect()));
    prop::collection::btree_map("[a-e]", prop_oneof![leaf, nested], 0..5)
        .prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// Makes the model of AWS as the plan says, the way an apply would.
fn carry_out(plan: &Plan, desired: &[Desired], live: &[Live]) -> Vec<Live> {
    let mut after: BTreeMap<(String, String), Live> = live
        .iter()
        .map(|one| ((one.kind.clone(), one.key.clone()), one.clone()))
        .collect();
    for change in plan.actual_changes() {
        if let Some(old) = &change.live {
            after.remove(&(old.kind.clone(), old.key.clone()));
        }
        let wanted = desired.iter().find(|one| one.address == change.address);
        if let Some(wanted) = wanted.filter(|_| change.action != Action::Delete) {
            let live = applied(wanted);
            after.insert((live.kind.clone(), live.key.clone()), live);
        }
    }
    after.into_values().collect()
}

fn any_stack() -> impl Strategy<Value = Vec<Desired>> {
    prop::collection::btree_map("[a-f]", any_fields(), 0..6).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(index, (name, fields))| {
                let kind = if index % 2 == 0 { "flower" } else { "vase" };
                want(&format!("{kind}.{name}"), &fields)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn what_was_applied_needs_no_change(stack in any_stack()) {
        let live: Vec<Live> = stack.iter().map(applied).collect();
        prop_assert!(!make(&stack, &live).has_changes());
    }

    #[test]
    fn a_plan_carried_out_leaves_nothing_to_do(before in any_stack(), after in any_stack()) {
        let live: Vec<Live> = before.iter().map(applied).collect();
        let plan = make(&after, &live);
        let live = carry_out(&plan, &after, &live);
        prop_assert!(!make(&after, &live).has_changes());
    }

    #[test]
    fn every_schedule_can_be_run(before in any_stack(), after in any_stack(), links in prop::collection::vec((0..6usize, 0..6usize), 0..8)) {
        let mut after = after;
        // Only from later to earlier ones, so that there is no circle.
        for (from, to) in links {
            if to < from && from < after.len() {
                let needed = after[to].address.clone();
                after[from].depends_on.push(needed);
            }
        }
        let live: Vec<Live> = before.iter().map(applied).collect();
        let plan = make(&after, &live);
        let steps = schedule(&Shop, &plan);
        let mut done = BTreeSet::new();
        while done.len() < steps.len() {
            let ready: Vec<usize> = (0..steps.len())
                .filter(|index| !done.contains(index))
                .filter(|index| {
                    let step = &steps[*index];
                    step.after.iter().chain(&step.follows).all(|step| done.contains(step))
                })
                .collect();
            prop_assert!(!ready.is_empty(), "steps wait for one another in a circle");
            done.extend(ready);
        }
    }
}

#[test]
fn what_others_make_is_changed_and_released_but_never_made() {
    let door = want("door.front", &json!({"open": true}));
    let refused = try_plan(std::slice::from_ref(&door), &[], &request(Mode::Apply)).unwrap_err();
    let message = refused.iter().next().unwrap().summary.clone();
    assert_eq!(message, "AWS has no door `front`");

    let mut standing = applied(&door);
    standing.tags = Some(Tags::new());
    standing.attributes = fields(&json!({"open": false}));
    let plan = try_plan(
        std::slice::from_ref(&door),
        &[standing],
        &request(Mode::Apply),
    )
    .unwrap();
    assert_eq!(plan.changes[0].action, Action::Update);

    let ours = [applied(&door)];
    for (desired, mode) in [(vec![], Mode::Apply), (vec![door], Mode::Destroy)] {
        let plan = try_plan(&desired, &ours, &request(mode)).unwrap();
        assert_eq!(plan.changes[0].action, Action::Release);
        assert_eq!((plan.counts().release, plan.counts().destroy), (1, 0));
        assert_eq!(schedule(&Shop, &plan)[0].half, Half::Remove);
    }
}

#[test]
fn what_holds_data_is_released_unless_its_data_may_go() {
    let chest = want("chest.old", &json!({"lock": "iron"}));
    let live = [applied(&chest)];
    let action = |delete_data| {
        let request = Request {
            delete_data,
            ..request(Mode::Apply)
        };
        try_plan(&[], &live, &request).unwrap().changes[0].action
    };
    assert_eq!(action(false), Action::Release);
    assert_eq!(action(true), Action::Delete);

    let other_lock = want("chest.old", &json!({"lock": "brass"}));
    let refused = try_plan(&[other_lock], &live, &request(Mode::Apply)).unwrap_err();
    let message = refused.iter().next().unwrap().summary.clone();
    assert!(message.contains("the data in it lost"), "{message}");
}

#[test]
fn a_list_that_holds_an_unknown_value_is_unknown() {
    let vase = want("vase.a", &json!({"material": "clay"}));
    let mut flower = want("flower.rose", &json!({"stands_in": ["arn:old", "a"]}));
    flower.references = vec![Reference {
        field: "/stands_in/1".to_owned(),
        to: vase.address.clone(),
        output: "arn".to_owned(),
    }];
    let standing = applied(&want("flower.rose", &json!({"stands_in": ["arn:old"]})));
    let plan = try_plan(&[vase, flower], &[standing], &request(Mode::Apply)).unwrap();
    let change = plan
        .changes
        .iter()
        .find(|one| one.address.kind() == "flower");
    let field = &change.unwrap().fields[0];
    assert!(field.unknown && field.after.is_none(), "{field:?}");
}

#[test]
fn two_that_are_deleted_first_are_taken_away_in_order_and_put_back_in_order() {
    let flower = want("flower.f", &json!({"species": "rose"}));
    let mut garland = want("garland.g", &json!({"flower": "f", "length": 2}));
    garland.references = vec![Reference {
        field: "/flower".to_owned(),
        to: Address::new("flower", "f"),
        output: "arn".to_owned(),
    }];
    let mut old_flower = applied(&flower);
    old_flower.attributes["species"] = json!("lily");
    let mut old_garland = applied(&garland);
    old_garland.attributes["flower"] = json!("arn:f");
    let plan = make(&[flower, garland], &[old_flower, old_garland]);
    assert!(
        plan.changes
            .iter()
            .all(|change| change.action == Action::Replace)
    );
    assert_eq!(
        waits(&plan),
        pairs(&[
            ("garland.g/remove", "flower.f/remove"),
            ("flower.f/remove", "flower.f/put"),
            ("flower.f/put", "garland.g/put"),
            ("garland.g/remove", "garland.g/put"),
        ])
    );
}

#[test]
fn a_reference_in_a_field_that_is_left_to_others_puts_nothing_there() {
    let vase = want("vase.a", &json!({"material": "clay"}));
    let mut light = want("light", &json!({"level": 5, "vase": ["a"]}));
    light.references = vec![Reference {
        field: "/vase/0".to_owned(),
        to: Address::new("vase", "a"),
        output: "arn".to_owned(),
    }];
    light.ignore = vec!["vase".to_owned()];
    let standing = applied(&want("light", &json!({"level": 5, "vase": ["arn:other"]})));
    let plan = make(&[vase.clone(), light], &[applied(&vase), standing]);
    assert!(!plan.has_changes());
    let change = &plan.changes[0];
    assert_eq!(change.references[0].field, "");
    assert_eq!(change.depends_on, [Address::new("vase", "a")]);
}

fn door(tags: &Tags) -> (Desired, Live) {
    let mut door = want("door.front", &json!({"open": true}));
    door.tags = Some(tags.clone());
    let live = applied(&door);
    (door, live)
}

#[test]
fn tags_of_those_who_made_a_thing_are_left_alone() {
    let own = Tags::from([("team".to_owned(), "core".to_owned())]);
    let (door, mut live) = door(&own);
    let tags = live.tags.as_mut().unwrap();
    tags.insert("made-by".to_owned(), "sam".to_owned());
    let plan = make(std::slice::from_ref(&door), &[live.clone()]);
    assert!(!plan.has_changes(), "{plan:#?}");

    let tags = live.tags.as_mut().unwrap();
    tags.insert("team".to_owned(), "others".to_owned());
    let plan = make(&[door], &[live]);
    let change = &plan.changes[0];
    assert_eq!(change.fields.len(), 1);
    assert_eq!(change.fields[0].path, ["tags", "team"]);
    assert_eq!(change.reason, Some(Reason::Drift));
    // What is not seen is not removed when the tags are written.
    let seen = change.live.as_ref().unwrap().user_tags().unwrap();
    assert_eq!(seen.len(), 1);
}

#[test]
fn another_key_of_what_others_made_means_another_thing() {
    let (mut door, mut old) = door(&Tags::new());
    "old".clone_into(&mut old.key);
    "back".clone_into(&mut door.key);
    let one = std::slice::from_ref(&door);
    let told = refusals(try_plan(
        one,
        std::slice::from_ref(&old),
        &request(Mode::Apply),
    ));
    assert_eq!(told, ["AWS has no door `back`"]);

    let mut new = applied(&door);
    new.tags = Some(Tags::new());
    let plan = make(one, &[old, new]);
    let found = actions(&plan);
    assert_eq!(found["door.front"], Action::Adopt);
    let old = found.iter().find(|(address, _)| *address != "door.front");
    assert_eq!(old.unwrap().1, &Action::Release);
}
