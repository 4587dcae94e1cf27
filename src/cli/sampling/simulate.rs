//! `xrayctl sampling simulate`.

use std::path::PathBuf;

use super::rules::{self, Rules, Source};
use super::{Sampler, input, traces};
use crate::access_log;
use crate::cli::Outcome;
use crate::cli::globals::Globals;
use crate::cli::looking::When;
use crate::exit::Exit;
use crate::model::Diagnostic;
use crate::sampling::Request;
use crate::sampling::simulate::{Fleet, Flow, Kept, steady};
use crate::spec::{self, MONTH_SECONDS};
use crate::view::Terminal;
use crate::view::sampling::{BadLines, Compared, Simulation, Told, Traffic};

/// Most clients: the service knows no more of a rule.
const MOST_CLIENTS: u64 = 1000;

/// Show what each rule keeps of traffic: of `[traffic]` of the spec, of an access
/// log, or of the traces that are stored
///
/// Access logs are in the common or combined format of Apache and nginx, in that
/// of Application Load Balancers, or JSON lines with names such as `time`,
/// `method`, `path`, `host` and `service`; gzip is unpacked. Lines that are none
/// of these are counted and shown. Requests of a log go one by one through
/// samplers that share each reservoir as X-Ray splits it; what a fixed rate keeps
/// is what is expected, and nothing is drawn, so that the same traffic always
/// comes to the same.
///
/// With --traces each stored trace is one request, at its start: those of
/// `local-collector` with --local, or those of AWS. They are what was kept: at a
/// desk, where everything is kept, these are all requests; in production they are
/// only those that were sampled, so that what rules keep of them says little of all
/// requests.
#[derive(Debug, clap::Args)]
#[command(mut_args(of_traces))]
pub(super) struct Args {
    #[command(flatten)]
    pub rules: Source,

    /// Take the requests of this access log, `-` for standard input; may be given
    /// several times, the oldest first
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,

    /// The service that a log is of, where it does not say
    #[arg(long, value_name = "NAME", requires = "logs")]
    service: Option<String>,

    /// Where that service runs, such as `AWS::ECS::Container`
    #[arg(long, value_name = "TYPE", requires = "logs")]
    service_type: Option<String>,

    /// The host that is asked, where a log does not say
    #[arg(long, value_name = "HOST", requires = "logs")]
    host: Option<String>,

    /// Take the requests of stored traces: of local-collector with --local or
    /// --endpoint-url, or of AWS, where they are only what was sampled
    #[arg(long, conflicts_with = "logs")]
    pub traces: bool,

    #[command(flatten)]
    when: When,

    /// Show the difference that the rules of this spec make
    #[arg(long, value_name = "SPEC")]
    compare: Option<PathBuf>,

    /// How many clients sample, and share each reservoir
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(1..=MOST_CLIENTS))]
    clients: u64,

    /// How clients read rules
    #[arg(long, value_name = "NAME", value_enum, default_value = "xray-sdk")]
    sampler: Sampler,
}

/// Options of the window mean something with --traces alone.
fn of_traces(option: clap::Arg) -> clap::Arg {
    match option.get_id().as_str() {
        "since" | "start" | "end" => option.requires("traces").help_heading("With --traces"),
        _ => option,
    }
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let first = args.rules.read(globals).await?;
    let other = match &args.compare {
        Some(path) => Some(rules::of_spec(path, globals)?),
        None => None,
    };
    let sides: Vec<&Rules> = [&first].into_iter().chain(&other).collect();
    let draw = |traffic: Traffic<'_>, kept: &[Vec<Kept>]| {
        let mut compared = sides.iter().zip(kept).map(|(side, kept)| Compared {
            origin: &side.origin,
            rules: &side.ranked,
            kept,
        });
        let simulation = Simulation {
            traffic,
            dialect: args.sampler.0,
            clients: args.clients(),
            first: compared.next()?,
            other: compared.next(),
        };
        Some(if globals.json {
            format!("{:#}", simulation.document())
        } else {
            simulation.render(terminal.styles)
        })
    };
    let draw_seen = |name: &str, told: Told<'_>, fleets: &[Fleet]| {
        let kept: Vec<Vec<Kept>> = fleets.iter().map(Fleet::kept).collect();
        draw(seen(name, told, fleets.first()), &kept)
    };
    let text = if args.traces {
        let window = args.when.window()?;
        let stored = traces::read(window, first.spec.as_ref(), globals, terminal).await?;
        let mut fleets = args.fleets(&sides);
        stored.replay(&mut fleets);
        let told = Told::Traces {
            rootless: stored.rootless(),
        };
        draw_seen(&traces::name(window), told, &fleets)
    } else if args.logs.is_empty() {
        draw(Traffic::Expected, &expected(args, &first, &sides)?)
    } else {
        let mut bad = BadLines::default();
        let fleets = replay(args, &sides, &mut bad)?;
        draw_seen(&names(&args.logs), Told::AccessLog(&bad), &fleets)
    };
    terminal.result(&text.unwrap_or_default())?;
    Ok(Exit::Success)
}

/// Requests that went through `fleet`.
fn seen<'a>(name: &'a str, told: Told<'a>, fleet: Option<&Fleet>) -> Traffic<'a> {
    let seconds = fleet.and_then(Fleet::seconds);
    Traffic::Seen {
        name,
        told,
        seconds,
        months: seconds.map(|seconds| MONTH_SECONDS / seconds),
        late: fleet.map_or(0, Fleet::late),
    }
}

impl Args {
    fn clients(&self) -> usize {
        usize::try_from(self.clients).unwrap_or(1)
    }

    /// A fleet for each side, before its first request.
    fn fleets(&self, sides: &[&Rules]) -> Vec<Fleet> {
        let sides = sides.iter();
        sides
            .map(|side| Fleet::new(side.ranked.clone(), self.sampler.0, self.clients()))
            .collect()
    }
}

fn names(logs: &[PathBuf]) -> String {
    let names = logs.iter().map(|log| match log.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => log.display().to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What each side keeps in a month of the `[traffic]` of the spec.
fn expected(args: &Args, first: &Rules, sides: &[&Rules]) -> Result<Vec<Vec<Kept>>, Diagnostic> {
    let traffic = first.spec.as_ref().map(|spec| &spec.traffic);
    let Some(traffic) = traffic.filter(|traffic| !traffic.is_empty()) else {
        return Err(
            Diagnostic::error("there is no traffic to simulate").with_hint(
                "name an access log with --log, take stored traces with --traces, or say \
             in the spec what is expected: `[traffic.NAME]` with `requests_per_month`",
            ),
        );
    };
    let attributes: Vec<Vec<(&str, &str)>> = traffic
        .values()
        .map(|one| {
            one.attributes
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect()
        })
        .collect();
    let pairs = traffic.values().zip(&attributes);
    let flows: Vec<Flow<'_>> = pairs
        .map(|(one, attributes)| flow(one, attributes))
        .collect();
    let kept = sides.iter().map(|side| {
        let kept = steady(&side.ranked, &flows, args.sampler.0, args.clients());
        kept.iter().map(|kept| kept.times(MONTH_SECONDS)).collect()
    });
    Ok(kept.collect())
}

fn flow<'a>(one: &'a spec::Traffic, attributes: &'a [(&'a str, &'a str)]) -> Flow<'a> {
    Flow {
        request: Request {
            service_name: one.service_name.as_deref(),
            service_type: one.service_type.as_deref(),
            host: one.host.as_deref(),
            http_method: one.http_method.as_deref(),
            url_path: one.url_path.as_deref(),
            resource_arn: one.resource_arn.as_deref(),
            attributes,
        },
        per_second: one.per_second(),
    }
}

/// Gives the requests of all logs to a fleet of each side.
fn replay(args: &Args, sides: &[&Rules], bad: &mut BadLines) -> Result<Vec<Fleet>, Diagnostic> {
    let mut fleets = args.fleets(sides);
    let mut count = 0_u64;
    // Of a line without a time, that of the line before is the best guess.
    let mut at = 0.0;
    for log in &args.logs {
        input::read(log, bad, |entry| {
            count += 1;
            at = entry.at.unwrap_or(at);
            let request = request(args, entry);
            for fleet in &mut fleets {
                fleet.take(&request, at);
            }
        })?;
    }
    if count > 0 {
        return Ok(fleets);
    }
    let names = names(&args.logs);
    let mut nothing = Diagnostic::error(format!("no line of {names} tells of a request"));
    nothing.detail = bad.first.first().map(|line| {
        let (number, reason) = (line.number, &line.reason);
        format!("line {number}: {reason}")
    });
    Err(nothing.with_hint(
        "give a log in the common or combined format, of an Application Load Balancer, or JSON lines",
    ))
}

fn request<'a>(args: &'a Args, entry: &'a access_log::Entry<'_>) -> Request<'a> {
    Request {
        service_name: entry.service.as_deref().or(args.service.as_deref()),
        service_type: args.service_type.as_deref(),
        host: entry.host.as_deref().or(args.host.as_deref()),
        http_method: entry.method.as_deref(),
        url_path: entry.path.as_deref(),
        ..Request::default()
    }
}
