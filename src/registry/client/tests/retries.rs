//! What is repeated, what is not, and when it is given up.

use super::*;
use crate::registry::ErrorKind;
use crate::registry::fault::{Fault, Requests};

/// How a GET of a manifest ends when it meets `fault` `times` times, and how often it was asked.
async fn meets(fault: Fault, times: u32) -> (Result<(), Error>, usize) {
    let registry = registry().await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    registry.fail(Requests::new("GET", "/manifests/"), fault, times);
    let result = client().get_manifest(&reference).await;
    let count = registry.count(&Requests::new("GET", "/manifests/"));
    (result.map(|found| assert!(found.is_some())), count)
}

fn temporary() -> Vec<(Fault, ErrorKind)> {
    vec![
        (Fault::unavailable(), ErrorKind::Unavailable),
        (Fault::refuse(500, "UNKNOWN", ""), ErrorKind::Unavailable),
        (Fault::refuse(502, "", ""), ErrorKind::Unavailable),
        (Fault::refuse(504, "", ""), ErrorKind::Unavailable),
        (Fault::refuse(408, "", ""), ErrorKind::Unavailable),
        (Fault::too_many_requests("0"), ErrorKind::RateLimited),
        (
            Fault::too_many_requests("Sun, 06 Nov 1994 08:49:37 GMT"),
            ErrorKind::RateLimited,
        ),
        // Longer than the policy allows, so cut to it.
        (Fault::too_many_requests("86400"), ErrorKind::RateLimited),
        (
            Fault::refuse(400, "TOOMANYREQUESTS", "Rate exceeded"),
            ErrorKind::RateLimited,
        ),
        (Fault::Reset, ErrorKind::Broken),
        (Fault::LoseAnswer, ErrorKind::Broken),
        (Fault::CutBody(10), ErrorKind::Broken),
    ]
}

#[tokio::test]
async fn what_failed_for_a_moment_is_repeated() {
    for (fault, _) in temporary() {
        let (result, count) = meets(fault.clone(), 3).await;
        result.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(count, 4, "{fault:?}");
    }
}

#[tokio::test]
async fn what_goes_on_failing_is_given_up_as_temporary() {
    for (fault, kind) in temporary() {
        let (result, count) = meets(fault.clone(), 99).await;
        let error = result.unwrap_err();
        assert_eq!(*error.kind(), kind, "{fault:?}: {error}");
        assert!(error.is_temporary(), "{fault:?}");
        assert_eq!(count, 4, "{fault:?}");
        assert_no_secrets(&error);
    }
}

#[tokio::test]
async fn refusals_are_not_repeated() {
    for (status, kind) in [
        (400, ErrorKind::Refused),
        (403, ErrorKind::Denied),
        (405, ErrorKind::Refused),
        (418, ErrorKind::Refused),
        (501, ErrorKind::Unavailable),
    ] {
        let (result, count) = meets(Fault::refuse(status, "X", "no"), 99).await;
        let error = result.unwrap_err();
        assert_eq!(*error.kind(), kind);
        assert_eq!(error.status(), Some(status));
        assert!(!error.is_temporary());
        assert_eq!(count, 1, "{status}");
    }
}

#[tokio::test]
async fn silence_is_an_error_too() {
    let registry = registry().await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    registry.fail(Requests::new("HEAD", "/manifests/"), Fault::Stall, 99);
    let mut config = config(None);
    config.timeout = Duration::from_millis(50);
    let error = Client::new(config)
        .unwrap()
        .head_manifest(&reference)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert!(error.is_temporary());
    assert_eq!(registry.count(&Requests::new("HEAD", "/manifests/")), 4);
}

#[tokio::test]
async fn nothing_listening_is_an_error_with_advice() {
    let registry = registry().await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    let host = registry.host();
    drop(registry);
    let error = client().head_manifest(&reference).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.is_temporary());
    let expected = format!("Is a registry listening on {host}?");
    assert_eq!(error.hint(), Some(expected));
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_put_again() {
    let registry = registry().await;
    registry.set_quirks(|quirks| quirks.immutable_tags = true);
    let repository = registry.repository("shop/web");
    let text = manifest(&registry, "shop/web", "new");
    registry.fail(Requests::new("PUT", "/manifests/"), Fault::LoseAnswer, 1);
    let put = client()
        .put_manifest(
            &repository,
            &tag("v1"),
            media_type::OCI_MANIFEST,
            text.clone().into(),
        )
        .await;
    assert_eq!(put.unwrap(), Digest::of(&text));
    assert_eq!(registry.count(&Requests::new("PUT", "/manifests/")), 2);
}

#[tokio::test]
async fn the_first_question_and_the_token_server_may_fail_for_a_moment_too() {
    let registry = registry_with(bearer(300)).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    registry.fail(Requests::new("GET", "/v2/"), Fault::unavailable(), 1);
    registry.fail(Requests::new("GET", "/token"), Fault::unavailable(), 1);
    registry.fail(Requests::new("GET", "/token"), Fault::Reset, 1);
    assert!(
        client_with(me())
            .head_manifest(&reference)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn redirects_are_followed_but_not_in_circles() {
    let registry = registry().await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let moved = |to: &str| Fault::Redirect(to.to_owned());
    let manifests = || Requests::new("GET", "/manifests/");
    registry.fail(manifests(), moved("/v2/shop/web/manifests/v1"), 2);
    assert!(client().get_manifest(&reference).await.unwrap().is_some());
    registry.fail(manifests(), moved("/v2/shop/web/manifests/v1"), 6);
    let error = client().get_manifest(&reference).await.unwrap_err();
    assert!(error.to_string().contains("in circles"), "{error}");
    registry.fail(manifests(), moved("file:///etc/passwd"), 1);
    let error = client().get_manifest(&reference).await.unwrap_err();
    assert!(
        error.to_string().contains("no http or https URL"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let registry = registry().await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    let huge = " ".repeat(5 << 20);
    registry.add_manifest("shop/web", Some("v1"), media_type::OCI_INDEX, huge);
    let error = client().get_manifest(&reference).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::TooLarge { .. }),
        "{error}"
    );
}
