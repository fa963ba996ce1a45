//! Plans with SOCI: who gets it, what is asked of the exporter, what is refused.

use launchway_soci::index::Version;

use super::super::tests::{bake, options, project, source, target};
use super::super::{Options, Plan, make};
use super::*;
use crate::bake::{Bake, Entry};
use crate::config::Settings;

fn settings(soci: SociSettings) -> Settings {
    Settings {
        soci: Some(soci),
        ..Settings::default()
    }
}

/// The plan of `targets` in a mode; how it went wrong otherwise, with the hint.
fn plan(bake: &Bake, mode: Mode, wish: SociWish) -> Result<Plan, String> {
    let project = project();
    let options = Options {
        soci: wish,
        ..options(mode, &project)
    };
    make(bake, &source(), &options).map_err(|error| match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })
}

/// The targets whose images get SOCI indexes.
fn indexed(plan: &Plan) -> Vec<&str> {
    let images = plan.images.iter().filter(|image| image.soci.is_some());
    images.map(|image| image.target.as_str()).collect()
}

fn with_output(name: &str, attributes: &[(&str, &str)]) -> Target {
    let output = Entry {
        kind: "image".to_owned(),
        attributes: attributes
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    };
    Target {
        output: vec![output],
        ..target(name)
    }
}

#[test]
fn the_block_turns_it_on_in_a_release_and_flags_have_the_last_word() {
    let on = SociSettings::default();
    let off = SociSettings {
        enabled: false,
        ..SociSettings::default()
    };
    let declared = SociWish::AsDeclared;
    for (soci, mode, wish, expected) in [
        (None, Mode::Release, declared, false),
        (Some(&on), Mode::Release, declared, true),
        (Some(&off), Mode::Release, declared, false),
        (Some(&on), Mode::Release, SociWish::Off, false),
        (Some(&off), Mode::Release, SociWish::On, true),
        (None, Mode::Release, SociWish::On, true),
        (Some(&on), Mode::Bake, declared, false),
        (None, Mode::Bake, SociWish::On, true),
    ] {
        let settings = Settings {
            soci: soci.cloned(),
            ..Settings::default()
        };
        let bake = bake(vec![with_output("web", &[("push", "true")])], settings);
        let plan = plan(&bake, mode, wish).unwrap();
        let case = format!("{soci:?} {mode:?} {wish:?}");
        assert_eq!(plan.images[0].soci.is_some(), expected, "{case}");
        let forced = plan.solves[0].exporter.contains_key("force-compression");
        assert_eq!(forced, expected, "{case}");
    }
}

#[test]
fn every_solve_of_an_indexed_image_writes_gzip() {
    let soci = SociSettings {
        targets: Some(["web".to_owned()].into()),
        ..SociSettings::default()
    };
    let bake = bake(vec![target("web"), target("rp")], settings(soci));
    let plan = plan(&bake, Mode::Release, SociWish::AsDeclared).unwrap();
    assert_eq!(indexed(&plan), ["web"]);
    for solve in &plan.solves {
        let exporter: Vec<String> = solve
            .exporter
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let expected: &[&str] = if solve.target == "web" {
            &[
                "compression=gzip",
                "force-compression=true",
                "oci-mediatypes=true",
            ]
        } else {
            &["compression=gzip", "oci-mediatypes=true"]
        };
        assert_eq!(exporter, expected, "{}", solve.name());
    }
}

#[test]
fn the_options_come_from_the_block_whoever_turns_it_on() {
    let soci = SociSettings {
        enabled: false,
        version: Version::V1,
        span_size: 1 << 20,
        min_layer_size: 0,
        ..SociSettings::default()
    };
    let bake = bake(
        vec![with_output("web", &[("push", "true")])],
        settings(soci),
    );
    let plan = plan(&bake, Mode::Bake, SociWish::On).unwrap();
    assert_eq!(
        serde_json::to_value(&plan.images[0].soci).unwrap(),
        serde_json::json!({ "version": "v1", "spanSize": 1_048_576, "minLayerSize": 0 })
    );
}

#[test]
fn what_is_not_pushed_is_not_indexed() {
    let local = with_output("tools", &[("compression", "zstd")]);
    let pushed = with_output("web", &[("push", "true")]);
    let bake = bake(vec![local, pushed], Settings::default());
    let plan = plan(&bake, Mode::Bake, SociWish::On).unwrap();
    assert_eq!(indexed(&plan), ["web"]);
    assert_eq!(plan.solves[0].exporter["compression"], "zstd");
    assert!(!plan.solves[0].exporter.contains_key("force-compression"));
}

#[test]
fn an_output_that_cannot_be_indexed_is_refused() {
    for (attribute, value, expected) in [
        (
            "compression",
            "zstd",
            "target web wants compression=zstd in its output, and its SOCI index needs gzip; \
             remove `compression` from the output of target \"web\", or leave the target out of \
             `targets` in the `soci` block",
        ),
        (
            "compression",
            "estargz",
            "target web wants compression=estargz in its output, and its SOCI index needs gzip",
        ),
        (
            "force-compression",
            "false",
            "target web wants force-compression=false in its output, and its SOCI index needs \
             true, since layers of base images may be zstd",
        ),
    ] {
        let bake = bake(
            vec![with_output("web", &[(attribute, value)])],
            settings(SociSettings::default()),
        );
        let error = plan(&bake, Mode::Release, SociWish::AsDeclared).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
        plan(&bake, Mode::Release, SociWish::Off).unwrap();
    }
}

#[test]
fn layers_without_compression_are_fine() {
    let bake = bake(
        vec![with_output("web", &[("compression", "uncompressed")])],
        settings(SociSettings::default()),
    );
    let plan = plan(&bake, Mode::Release, SociWish::AsDeclared).unwrap();
    assert_eq!(plan.solves[0].exporter["compression"], "uncompressed");
    assert_eq!(plan.solves[0].exporter["force-compression"], "true");
}

#[test]
fn nobody_else_names_the_index() {
    let mut web = target("web");
    web.annotations = vec![format!("manifest:{IMAGE_ANNOTATION}=sha256:00")];
    let bake = bake(vec![web], settings(SociSettings::default()));
    let error = plan(&bake, Mode::Release, SociWish::AsDeclared).unwrap_err();
    assert_eq!(
        error,
        format!(
            "target web has the annotation {IMAGE_ANNOTATION}, which SOCI sets by itself; remove \
             it from `annotations` of target \"web\""
        )
    );
}

#[test]
fn an_inline_cache_and_an_annotation_of_ones_own_are_refused() {
    let on = || Settings {
        soci: Some(SociSettings::default()),
        ..Settings::default()
    };
    let mut inline = with_output("inline", &[("push", "true")]);
    inline.cache_to = vec![Entry {
        kind: "inline".to_owned(),
        attributes: BTreeMap::new(),
    }];
    let refusal = plan(&bake(vec![inline], on()), Mode::Bake, SociWish::On).unwrap_err();
    assert!(refusal.contains("type=inline"), "{refusal}");
    for key in [
        "annotation",
        "annotation-manifest",
        "annotation-manifest[linux/arm64]",
    ] {
        let key = format!("{key}.{IMAGE_ANNOTATION}");
        let annotated = with_output("annotated", &[("push", "true"), (&key, "sha256:0")]);
        let refusal = plan(&bake(vec![annotated], on()), Mode::Release, SociWish::On).unwrap_err();
        assert!(refusal.contains("SOCI sets by itself"), "{key}: {refusal}");
    }
}
