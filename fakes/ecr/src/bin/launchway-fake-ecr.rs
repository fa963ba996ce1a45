//! The fake as a program, for benchmarks: filled with generated repositories, until it is ended.
//!
//! The first line on stdout is its URL, written when it is ready. `GET /stats` tells the calls so far.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use launchway_fake_ecr::{Ecr, FakeEcr, Spec};

const USAGE: &str = "\
usage: launchway-fake-ecr [options]
  --port N           port of 127.0.0.1 (0: a free one)
  --repositories N   repositories to make (1)
  --manifests N      manifests in each (100)
  --seed N           other numbers give other content (7)
  --days N           days over which the pushes are spread (400)
  --now SECONDS      when the last push was, since 1970 (the present)
  --delay-ms N       answer each call so much later (0)
  --rate N           throttle each operation above N calls per second
";

struct Options {
    port: u16,
    spec: Spec,
    delay: Duration,
    rate: Option<f64>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = match read(&arguments) {
        Ok(options) => options,
        Err(problem) => {
            let _ = write!(std::io::stderr(), "{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let port = options.port;
            let _ = writeln!(
                std::io::stderr(),
                "cannot serve on 127.0.0.1:{port}: {error}"
            );
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &Options) -> std::io::Result<()> {
    let ecr = Ecr::new();
    ecr.keep_log(false);
    ecr.fill(&options.spec);
    ecr.limit_every_rate(options.rate);
    ecr.set_delay(Some(options.delay).filter(|delay| !delay.is_zero()));
    let server = FakeEcr::serve(ecr, options.port)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", server.endpoint())?;
    stdout.flush()?;
    loop {
        std::thread::park();
    }
}

fn read(arguments: &[String]) -> Result<Options, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut options = Options {
        port: 0,
        spec: Spec {
            repositories: 1,
            manifests: 100,
            seed: 7,
            now: now.map_or(0.0, |now| now.as_secs_f64()),
            days: 400.0,
        },
        delay: Duration::ZERO,
        rate: None,
    };
    let mut arguments = arguments.iter();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match &**name {
            "--port" => options.port = number(name, value)?,
            "--repositories" => options.spec.repositories = number(name, value)?,
            "--manifests" => options.spec.manifests = number(name, value)?,
            "--seed" => options.spec.seed = number(name, value)?,
            "--days" => options.spec.days = positive(name, value)?,
            "--now" => options.spec.now = positive(name, value)?,
            "--delay-ms" => options.delay = Duration::from_millis(number(name, value)?),
            "--rate" => options.rate = Some(positive(name, value)?),
            _ => return Err(format!("unknown option {name}")),
        }
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    let number = value.parse();
    number.map_err(|_| format!("{name}: {value} is not a number that it takes"))
}

fn positive(name: &str, value: &str) -> Result<f64, String> {
    let number: f64 = number(name, value)?;
    if number.is_finite() && number > 0.0 {
        Ok(number)
    } else {
        Err(format!("{name}: {value} is not more than 0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        read(&words)
    }

    #[test]
    fn options_are_read() {
        let line = "--repositories 50 --manifests 10000 --seed 9 --delay-ms 5 --rate 20.5";
        let options = options(line).unwrap();
        assert_eq!(
            (options.spec.repositories, options.spec.manifests),
            (50, 10_000)
        );
        assert_eq!((options.spec.seed, options.rate), (9, Some(20.5)));
        assert_eq!((options.port, options.delay), (0, Duration::from_millis(5)));
    }

    #[test]
    fn other_words_are_told() {
        for (line, expected) in [
            ("--port", "needs a value"),
            ("--port 70000", "--port: 70000"),
            ("--rate 0", "more than 0"),
            ("--rate NaN", "more than 0"),
            ("--image x", "unknown option --image"),
        ] {
            let problem = options(line).err().unwrap();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
