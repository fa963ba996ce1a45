//! Addresses of pages to look at: builds and pipelines in the AWS console, commits on GitHub.

use super::Link;

/// The page of a build, from `CODEBUILD_BUILD_ARN`:
/// `arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:ID`. `None` for anything else.
pub fn codebuild(arn: &str) -> Option<Link> {
    let mut fields = arn.splitn(6, ':');
    let partition = (fields.next() == Some("arn")).then(|| fields.next())??;
    let (service, region, account) = (fields.next()?, fields.next()?, fields.next()?);
    let (kind, id) = fields.next()?.split_once('/')?;
    let (project, _) = id.split_once(':')?;
    let plain = [region, account, project].into_iter().all(is_plain);
    if service != "codebuild" || !matches!(kind, "build" | "build-batch") || !plain {
        return None;
    }
    let (console, id) = (console(partition, region), escape(id));
    let kind = if kind == "build" { "build" } else { "batch" };
    Some(Link {
        label: "CodeBuild".to_owned(),
        url: format!(
            "{console}/codesuite/codebuild/{account}/projects/{project}/{kind}/{id}/?region={region}"
        ),
    })
}

/// The page of a pipeline, where an approval is given.
pub fn pipeline(name: &str, region: &str) -> Option<Link> {
    if !is_plain(name) || !is_plain(region) {
        return None;
    }
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let console = console(partition, region);
    let name = escape(name);
    Some(Link {
        label: "CodePipeline".to_owned(),
        url: format!("{console}/codesuite/codepipeline/pipelines/{name}/view?region={region}"),
    })
}

/// `owner/name` and the web address of a repository on GitHub or a server that names its pages
/// likewise, from a git remote: `git@github.com:acme/shop.git`, `https://github.com/acme/shop`. The
/// address is `None` for hosts that are not known to; logins are left out.
pub fn repository(remote: &str) -> Option<(String, Option<String>)> {
    let remote = remote.trim();
    let (host, path) = if let Some((scheme, rest)) = remote.split_once("://") {
        if !matches!(scheme, "https" | "http" | "ssh" | "git") {
            return None;
        }
        rest.split_once('/')?
    } else {
        remote.split_once(':')?
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(name, _)| name);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let segments: Vec<&str> = path.rsplitn(3, '/').take(2).collect();
    let [name, owner] = segments[..] else {
        return None;
    };
    if !is_plain(host) || !is_plain(owner) || !is_plain(name) {
        return None;
    }
    // CodeCommit: ssh://git-codecommit.REGION.amazonaws.com/v1/repos/NAME
    if host.starts_with("git-codecommit.") {
        return Some((name.to_owned(), None));
    }
    let page = (host == "github.com" || host.starts_with("github."))
        .then(|| format!("https://{host}/{owner}/{name}"));
    Some((format!("{owner}/{name}"), page))
}

/// The page of a commit in a repository whose page is known.
pub fn commit(repository: &str, commit: &str) -> String {
    format!("{repository}/commit/{commit}")
}

fn console(partition: &str, region: &str) -> String {
    let domain = match partition {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{region}.{domain}")
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 256
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_has_a_page() {
        let link = codebuild("arn:aws:codebuild:ap-northeast-1:123456789012:build/shop:0a1b-2c");
        assert_eq!(
            link.unwrap().url,
            "https://ap-northeast-1.console.aws.amazon.com/codesuite/codebuild/123456789012/projects/shop/build/shop%3A0a1b-2c/?region=ap-northeast-1"
        );
        let china = codebuild("arn:aws-cn:codebuild:cn-north-1:123456789012:build-batch/shop:1");
        let china = china.unwrap().url;
        assert!(
            china.starts_with("https://cn-north-1.console.amazonaws.cn/"),
            "{china}"
        );
        assert!(china.contains("/projects/shop/batch/shop%3A1/"), "{china}");
        for arn in [
            "",
            "arn:aws:codebuild:eu-west-1:1:project/x",
            "arn:aws:s3:::bucket/a:b",
            "arn:aws:codebuild:eu-west-1:1:build/<!here>:1",
        ] {
            assert_eq!(codebuild(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_pipeline_has_a_page() {
        let link = pipeline("shop-production", "us-gov-west-1").unwrap();
        assert_eq!(
            link.url,
            "https://us-gov-west-1.console.amazonaws-us-gov.com/codesuite/codepipeline/pipelines/shop-production/view?region=us-gov-west-1"
        );
        assert_eq!(pipeline("a/b", "eu-west-1"), None);
    }

    #[test]
    fn remotes_are_read_without_their_logins() {
        for (remote, name, page) in [
            (
                "git@github.com:acme/shop.git",
                "acme/shop",
                Some("https://github.com/acme/shop"),
            ),
            (
                "https://x-token:hunter2@github.com/acme/shop",
                "acme/shop",
                Some("https://github.com/acme/shop"),
            ),
            (
                "ssh://git@github.example.com:2222/acme/shop.git/",
                "acme/shop",
                Some("https://github.example.com/acme/shop"),
            ),
            ("https://gitlab.com/group/sub/shop.git", "sub/shop", None),
            (
                "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop",
                "shop",
                None,
            ),
        ] {
            let expected = (name.to_owned(), page.map(str::to_owned));
            assert_eq!(repository(remote), Some(expected), "{remote}");
        }
        for remote in [
            "",
            "/srv/git/shop",
            "file:///srv/git/shop.git",
            "git@host:shop",
        ] {
            assert_eq!(repository(remote), None, "{remote}");
        }
    }
}
