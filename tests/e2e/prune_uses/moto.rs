//! Against moto, with what moto does right: families, services with task sets, rules and schedules,
//! functions, parameters. It knows neither service deployments nor daemons, and so shows what is refused then.

use std::collections::BTreeSet;

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{RefusalCode, Source};
use serde_json::json;

use super::{ACCOUNT, REGION, collect, image, keep, nothing, place, refusals, set, tags};
use crate::support::Interposer;
use crate::support::moto::{Moto, cluster, definition};

#[test]
fn ecs_rules_and_schedules() {
    let moto = Moto::start();
    for revision in 1..=7 {
        moto.register("web", &image(&format!("web-{revision}")));
    }
    moto.register("job", &image("job-1"));
    moto.register("job", &image("job-2"));
    moto.ecs("CreateCluster", &json!({ "clusterName": "prod" }));
    let service = json!({ "cluster": "prod", "serviceName": "blue", "taskDefinition": "web:2",
        "desiredCount": 0, "launchType": "EC2", "deploymentController": { "type": "EXTERNAL" } });
    moto.ecs("CreateService", &service);
    let set_of = json!({ "cluster": "prod", "service": "blue", "taskDefinition": "web:3" });
    moto.ecs("CreateTaskSet", &set_of);
    let deregistered = json!({ "taskDefinition": "web:3" });
    moto.ecs("DeregisterTaskDefinition", &deregistered);

    let rule =
        json!({ "Name": "hourly", "ScheduleExpression": "rate(1 hour)", "State": "DISABLED" });
    moto.call("events", "AWSEvents.PutRule", &rule);
    let target = json!({ "Id": "1", "Arn": cluster(),
        "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/r"),
        "EcsParameters": { "TaskDefinitionArn": definition("job") } });
    let targets = json!({ "Rule": "hourly", "Targets": [target] });
    moto.call("events", "AWSEvents.PutTargets", &targets);
    let schedule = json!({ "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": cluster(),
            "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/r"),
            "EcsParameters": { "TaskDefinitionArn": definition("job:1") } } });
    moto.call("scheduler", "POST /schedules/nightly", &schedule);

    let settings = UseSettings {
        ecs: true,
        events: true,
        scheduler: true,
        families: vec![keep("web", 2)],
        ..nothing()
    };
    let proxy = Interposer::before(moto.address());
    proxy.without_daemons();
    let found = collect(&[place(&proxy.endpoint, "")], &settings, &Cache::default());
    assert_eq!(refusals(&found), [], "{:#?}", found.refusals);
    // moto gives revisions oldest first, whatever order is asked for.
    assert_eq!(
        tags(&found, Source::TaskDefinition),
        set(&["web-6", "web-7"])
    );
    // The one that the task set has is not active any more.
    assert_eq!(tags(&found, Source::Service), set(&["web-2", "web-3"]));
    assert_eq!(tags(&found, Source::Rule), set(&["job-2"]));
    assert_eq!(tags(&found, Source::Schedule), set(&["job-1"]));
}

#[test]
fn functions_of_images() {
    let moto = Moto::start();
    // moto wants the role to be there.
    moto.role("r");
    let functions = "/2015-03-31/functions";
    let new = json!({ "FunctionName": "api", "PackageType": "Image", "Publish": true,
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/r"), "Code": { "ImageUri": image("api-1") } });
    moto.call("lambda", &format!("POST {functions}"), &new);
    for tag in ["api-2", "api-3"] {
        let code = json!({ "ImageUri": image(tag), "Publish": true });
        moto.call("lambda", &format!("PUT {functions}/api/code"), &code);
    }
    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    moto.call("lambda", &format!("POST {functions}/api/aliases"), &alias);
    let settings = UseSettings {
        lambda: true,
        functions: vec![keep("a*", 1)],
        ..nothing()
    };
    let found = collect(&[place(&moto.endpoint(), "")], &settings, &Cache::default());
    assert_eq!(refusals(&found), [], "{:#?}", found.refusals);
    let names: BTreeSet<&str> = found.uses.iter().map(|one| one.by.name.as_str()).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["api:$LATEST", "api:1", "api:3"]
    );
    // moto gives each version a digest, and to all of them the newest tag.
    let digests = found.uses.iter().filter_map(|one| one.image.digest);
    assert_eq!(digests.collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(tags(&found, Source::Function), set(&["api-3"]));
}

#[test]
fn service_deployments_and_daemons_that_cannot_be_listed_are_refused() {
    let moto = Moto::start();
    moto.register("web", &image("web-1"));
    moto.ecs("CreateCluster", &json!({ "clusterName": "prod" }));
    let service = json!({ "cluster": "prod", "serviceName": "web", "taskDefinition": "web:1",
        "desiredCount": 0, "launchType": "EC2" });
    moto.ecs("CreateService", &service);
    let settings = UseSettings {
        ecs: true,
        ..nothing()
    };
    let found = collect(&[place(&moto.endpoint(), "")], &settings, &Cache::default());
    // An internal error means nothing but that: not that there are none.
    let names = [
        format!("ecs:ListDaemonTaskDefinitions in {REGION}"),
        format!("ecs:ListDaemons prod in {REGION}"),
        format!("ecs:ListServiceDeployments prod/web in {REGION}"),
    ];
    let expected = names
        .each_ref()
        .map(|name| (RefusalCode::ListFailed, name.as_str()));
    assert_eq!(refusals(&found), expected);
    assert_eq!(tags(&found, Source::Service), set(&["web-1"]));
}

#[test]
fn parameters_by_name_and_path() {
    let moto = Moto::start();
    let put = |name: &str, kind: &str, value: &str| {
        let body = json!({ "Name": name, "Type": kind, "Value": value, "Overwrite": true });
        moto.call("ssm", "AmazonSSM.PutParameter", &body);
    };
    let (first, second) = ("a".repeat(64), "b".repeat(64));
    put(
        "/web",
        "String",
        &format!("{}@sha256:{first}", image("one")),
    );
    put(
        "/web",
        "String",
        &format!("{}@sha256:{second}", image("two")),
    );
    for number in 0..12 {
        let value = image(&format!("deep-{number}"));
        put(&format!("/shop/a/{number}"), "SecureString", &value);
    }
    put("/shop/password", "SecureString", "top secret!");
    let settings = UseSettings {
        parameters: vec!["/web".to_owned(), "/shop/*".to_owned()],
        ..nothing()
    };
    let found = collect(&[place(&moto.endpoint(), "")], &settings, &Cache::default());
    assert_eq!(refusals(&found), [], "{:#?}", found.refusals);
    let found_tags = tags(&found, Source::Parameter);
    assert_eq!(found_tags.len(), 13, "{found_tags:?}");
    assert!(found_tags.contains("two") && !found_tags.contains("one"));
    // Both were released; the first by what SSM keeps of earlier versions.
    let digests: Vec<String> = found
        .releases
        .iter()
        .map(|one| one.digest.to_string())
        .collect();
    for hex in [first, second] {
        assert!(digests.contains(&format!("sha256:{hex}")), "{digests:?}");
    }
}
