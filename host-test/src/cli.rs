//! The command line: what can be typed, and its help texts.
//!
//! There is no argument for a secret, on purpose: arguments end up in shell
//! histories and process lists. What the commands do is in
//! [`commands`](crate::commands).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use workflow_node_host::{AuthMode, RateLimit};

#[cfg(feature = "bench")]
use crate::bench::PARTS;
use crate::commands::MIRROR_RATE as RATE;
use crate::mirror::sources::SET_UP;
use crate::mirror::{MAX_DETAILS, MAX_ROWS};
#[cfg(feature = "new")]
use crate::new;
use crate::verify::{probes, writes};

/// What the exit code of `run` says.
const EXIT_CODES: &str = "Exit code: 0 every item went well, 1 an item failed or the run was interrupted, \
     2 the call could not begin, 3 nothing failed, but items were not attempted";

/// Try out, describe and test a workflow:node component.
#[derive(Debug, Parser)]
#[command(name = "host-test", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to load.
    #[command(flatten)]
    pub component: ComponentArgs,

    /// Show each HTTP request on stderr
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Show on stderr what the node logs, and why it was stopped
    #[arg(long, global = true)]
    pub debug: bool,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Arguments of every command that loads a component.
#[derive(Clone, Debug, Args)]
pub struct ComponentArgs {
    /// Component to load [default: the one of this source tree, built when needed]
    #[arg(long, global = true, value_name = "FILE")]
    pub component: Option<PathBuf>,

    /// Keep compiled components in this folder, which nobody else may write to
    /// [default: one of your own in the system's folder for caches]
    #[arg(long, global = true, value_name = "DIR")]
    pub cache: Option<PathBuf>,

    /// Compile the component anew and keep nothing
    #[arg(long, global = true, conflicts_with = "cache")]
    pub no_cache: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See the component do its work against a simulated HaloPSA
    Demo,
    /// Print the manifest as JSON, or explain one operation
    Describe(DescribeArgs),
    /// Print the credential form as JSON
    CredentialSchema,
    /// Try the credentials and say what works
    Check(CheckArgs),
    /// Run an operation; prints its result as JSON
    #[command(after_help = EXIT_CODES)]
    Run(RunArgs),
    /// Run the steps of a file such as those in examples/workflows; prints their
    /// results as JSON
    Recipe(RecipeArgs),
    /// Print the values of a dropdown as JSON
    Options(OptionsArgs),
    /// Run a trigger; prints its events as JSON lines
    Watch(WatchArgs),
    /// Compare a HaloPSA with what this project takes it to do
    #[command(after_help = verify_help())]
    Verify(VerifyArgs),
    /// Copy the set-up of a HaloPSA into a file for the simulator, without people,
    /// texts, addresses and secrets
    #[command(after_help = mirror_help())]
    Mirror(MirrorArgs),
    /// Start the HaloPSA simulator
    Sim(halo_sim::SimArgs),
    /// Print imports and sizes of the component; fails over budget
    Report,
    /// Compile the component into the cache, in a process with limits of its own
    Precompile(PrecompileArgs),
    #[cfg(feature = "conformance")]
    /// Check a component against the rules of the node interface
    Conformance(ConformanceArgs),
    #[cfg(feature = "bench")]
    /// Measure speed and size against a simulator; fails where a bar is missed
    Bench(BenchArgs),
    #[cfg(feature = "compose")]
    /// Plug the node into a component that imports it; writes one component
    Compose(ComposeArgs),
    #[cfg(feature = "pack")]
    /// Make a node of the component that a compiler or an SDK produced: seals the
    /// imports that a host refuses, and writes the manifest into it
    Pack(PackArgs),
    #[cfg(feature = "new")]
    /// Write a folder with a new node: source, tests and SDK
    New(NewArgs),
}

/// Arguments of `precompile`.
#[derive(Debug, Args)]
pub struct PrecompileArgs {
    /// Processor time that compiling may take, on all cores together
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub cpu_seconds: u64,

    /// Address space that it may take
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    pub memory_mib: u64,

    /// Do it in this process
    #[arg(long, hide = true)]
    pub inside: bool,
}

#[cfg(feature = "compose")]
/// Arguments of `compose`.
#[derive(Debug, Args)]
pub struct ComposeArgs {
    /// Component that imports the node, such as examples/http-service
    #[arg(value_name = "FILE")]
    pub socket: PathBuf,

    /// File to write
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

#[cfg(feature = "pack")]
/// Arguments of `pack`.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// The raw component
    #[arg(value_name = "RAW")]
    pub raw: PathBuf,

    /// File to write
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,

    /// Manifest, for a component that neither has nor exports one
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// Replace the file where it exists
    #[arg(long)]
    pub force: bool,
}

#[cfg(feature = "new")]
/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Name of the node and of its folder, such as help-desk
    pub name: new::Name,

    /// Language that the node is written in
    #[arg(long, value_enum, default_value_t = new::Language::Rust)]
    pub lang: new::Language,

    /// How the node logs in
    #[arg(long, value_enum, default_value_t = new::Auth::ApiKey)]
    pub auth: new::Auth,
}

#[cfg(feature = "bench")]
/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// A tenth of the repetitions, and no list of 100,000
    #[arg(long)]
    pub quick: bool,

    /// Measure this part only; may be given several times
    #[arg(long = "only", value_name = "PART", value_parser = PARTS)]
    pub only: Vec<String>,

    /// Print the results as JSON
    #[arg(long)]
    pub json: bool,

    /// Do not measure: read results that --json or --docs wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "only"])]
    pub from: Option<PathBuf>,

    /// Write performance.json, performance.md and performance.svg into this folder
    #[arg(long, value_name = "FOLDER")]
    pub docs: Option<PathBuf>,
}

#[cfg(feature = "conformance")]
/// Arguments of `conformance`.
#[derive(Debug, Args)]
pub struct ConformanceArgs {
    /// JSON file with the credential fields, as for `run`: with it, the check,
    /// the lists and the results are tried, too; nothing is changed
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,

    /// Who logs in, as for `run`
    #[arg(long, value_name = "WHO", value_enum, default_value_t = Login::Component)]
    pub login: Login,

    /// Allow addresses in private networks, for a service on premises
    #[arg(long)]
    pub allow_private: bool,

    /// Allow addresses in this private network only, such as 10.1.0.0/16
    #[arg(long, value_name = "NETWORK", conflicts_with = "allow_private")]
    pub allow_network: Vec<String>,

    /// Let the component reach this, too, besides the addresses in the credentials and
    /// Halo's own domains: an origin, or https://*.example.com
    #[arg(long, value_name = "ORIGIN")]
    pub accept: Vec<String>,

    /// Trust the certificate authorities in this PEM file, too
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Operation to explain, such as ticket.create
    pub operation: Option<String>,

    /// Print the manifest
    #[arg(long, conflicts_with = "operation")]
    pub json: bool,

    /// Print the tables of docs/operations.md
    #[arg(long, conflicts_with_all = ["operation", "json"])]
    pub table: bool,

    /// Print the README's table of what other products do
    #[arg(long, conflicts_with_all = ["operation", "json", "table"])]
    pub peers: bool,
}

/// Arguments of each command that talks to the service.
#[derive(Clone, Debug, Args)]
pub struct ConnectionArgs {
    /// JSON file with the credential fields; a secret field may come from the variable
    /// `NODE_<FIELD>` instead, such as NODE_API_KEY, or from HALOPSA_CLIENT_SECRET
    #[arg(long, value_name = "FILE")]
    pub credentials: PathBuf,

    /// Time that one call may take
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub timeout: Duration,

    /// Who logs in: the component; the component with stand-ins for secret and
    /// token; or the host, by the recipe in the component's credential form
    #[arg(long, value_name = "WHO", value_enum, default_value_t = Login::Component)]
    pub login: Login,

    /// Send no more requests than this in so many seconds, such as 300/300 [default:
    /// as many as HaloPSA takes; mirror: 150/300]
    #[arg(long, value_name = "N/SECONDS", value_parser = rate)]
    pub rate: Option<RateLimit>,

    /// Trust the certificate authorities in this PEM file, too
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Allow addresses in private networks, for a service on premises
    #[arg(long)]
    pub allow_private: bool,

    /// Allow addresses in this private network only, such as 10.1.0.0/16
    #[arg(long, value_name = "NETWORK", conflicts_with = "allow_private")]
    pub allow_network: Vec<String>,

    /// Let the component reach this, too, besides the addresses in the credentials and
    /// Halo's own domains: an origin, or https://*.example.com
    #[arg(long, value_name = "ORIGIN")]
    pub accept: Vec<String>,
}

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Login {
    /// The component, which is given the secret.
    Component,
    /// The component, which is given placeholders.
    Placeholder,
    /// The host.
    Recipe,
}

impl From<Login> for AuthMode {
    fn from(login: Login) -> Self {
        match login {
            Login::Component => Self::Component,
            Login::Placeholder => Self::Placeholder,
            Login::Recipe => Self::Recipe,
        }
    }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Operations that are wanted, such as ticket.create,client.list: their
    /// permissions are tried
    #[arg(long, value_name = "OPERATIONS", value_delimiter = ',')]
    pub operations: Option<Vec<String>>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Also try what needs a ticket: one is made, changed and deleted. Asks first; a
    /// "no" leaves it at reading
    #[arg(long)]
    pub write: bool,

    /// Do not ask before `--write`
    #[arg(long, requires = "write")]
    pub yes: bool,

    /// Print the report as JSON: names of keys and statuses, no values
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `mirror`.
#[derive(Debug, Args)]
pub struct MirrorArgs {
    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// File to write; a run that was cut off keeps its progress beside it
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Copy the newest tickets too, with their actions: 500 at most
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u16).range(..=MAX_DETAILS as i64))]
    pub sample: u16,

    /// Replace the file where it exists, and start over
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Operation to run, such as ticket.create
    pub operation: String,

    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// JSON file with the input: one object, or an array for several items;
    /// `-` reads stdin. Files beside an item are its `attachments`:
    /// [{"file": "a.pdf"}] or [{"name": "a.txt", "data_base64": "aGk="}]
    #[arg(long, value_name = "FILE|-")]
    pub items: Option<PathBuf>,

    /// Value for every item; what is not JSON is taken as text
    #[arg(long = "param", value_name = "KEY=JSON")]
    pub params: Vec<String>,

    /// Write the files that come out into this folder
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,

    /// Follow attachment links to this origin, without the token, and save
    /// what they lead to
    #[arg(long, value_name = "ORIGIN", requires = "save")]
    pub follow_links: Vec<String>,

    /// Read to the end, however many calls that takes; what writes always goes on to
    /// its last item
    #[arg(long)]
    pub all: bool,

    /// Change nothing; show the requests that would be sent
    #[arg(long)]
    pub dry_run: bool,

    /// Refuse operations that would change something
    #[arg(long)]
    pub read_only: bool,
}

/// Arguments of `recipe`.
#[derive(Debug, Args)]
pub struct RecipeArgs {
    /// JSON file with the steps
    pub file: PathBuf,

    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `options`.
#[derive(Debug, Args)]
pub struct OptionsArgs {
    /// Name of the list, as in the manifest
    #[arg(value_name = "LIST")]
    pub name: String,

    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// What the list depends on; what is not JSON is taken as text
    #[arg(long = "param", value_name = "KEY=JSON")]
    pub params: Vec<String>,

    /// Only values with this text
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,

    /// Go on where an earlier answer ended: its `next`
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,

    /// Read to the end, however many calls that takes
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Name of the trigger, as in the manifest
    pub trigger: String,

    /// How to reach the service.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// File that keeps what was told; made when it is not there
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,

    /// Setting of the trigger; what is not JSON is taken as text
    #[arg(long, value_name = "KEY=JSON")]
    pub config: Vec<String>,

    /// Poll until there is no more, then end
    #[arg(long, conflicts_with = "listen")]
    pub once: bool,

    /// Take webhooks at this address, such as 127.0.0.1:8090, instead of only polling
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,

    /// How the service reaches that address, where it is not the address itself
    #[arg(long, value_name = "URL", requires = "listen")]
    pub callback_url: Option<String>,
}

/// What `verify` asks and what its exit code says.
fn verify_help() -> String {
    let reads: BTreeSet<(&str, &str)> =
        probes::all().iter().flat_map(|probe| probe.asks).map(|ask| (ask.path, ask.query)).collect();
    format!(
        "What is asked: {} facts, with about {} GET requests and the sign-in. {}\n\n\
         Rate: as fast as HaloPSA answers, unless --rate says otherwise.\n\n\
         Exit code: 0 no fact differs, 1 a fact differs, 2 it could not be tried: the credentials do not work, or \
         the test ticket of --write could not be made or deleted",
        probes::all().len(),
        reads.len(),
        writes::plan(),
    )
}

/// What `mirror` asks and what its exit code says.
fn mirror_help() -> String {
    let paths: Vec<&str> = SET_UP.iter().map(|source| source.path.trim_start_matches('/')).collect();
    format!(
        "What is asked: {}; names of agents, clients and users, to keep them out of the copy; with --sample Tickets \
         and Actions. GET only, {MAX_ROWS} records of a kind at most, {MAX_DETAILS} of them one by one.\n\n\
         Rate: {} requests in {} seconds, unless --rate says otherwise. Longer waits are announced.\n\n\
         Cut off: each answer is kept in FILE.part, scrubbed; the same command goes on from there. It holds digests \
         of the instance's address and of names, and goes when FILE is written. Both are for you alone to read.\n\n\
         Exit code: 0 everything is copied, 1 the file is written, but something could not be read (stderr says \
         what), 2 nothing is written",
        paths.join(", "),
        RATE.requests,
        RATE.window.as_secs(),
    )
}

/// Reads a time-out. The contract counts milliseconds in 32 bits, and a call
/// without any time cannot do anything.
fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if !(0.001..=4_000_000.0).contains(&value) {
        return Err("must be between 0.001 and 4000000".to_owned());
    }
    Ok(Duration::from_secs_f64(value))
}

/// Reads a rate limit.
fn rate(text: &str) -> Result<RateLimit, String> {
    let (requests, window) = text.split_once('/').ok_or_else(|| "must be like 300/300".to_owned())?;
    let requests: u32 = requests.parse().map_err(|_| "the number of requests is none".to_owned())?;
    if requests == 0 {
        return Err("must let at least one request through".to_owned());
    }
    Ok(RateLimit { requests, window: seconds(window)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(
                    !name.contains("secret") && !name.contains("token"),
                    "{} --{name}",
                    command.get_name()
                );
            }
        }
    }

    #[test]
    fn a_rate_is_a_number_of_requests_in_a_time() {
        let window = Duration::from_millis(500);
        assert_eq!(rate("7/0.5"), Ok(RateLimit { requests: 7, window }));
        for text in ["", "7", "0/5", "7/0", "-1/5", "7/x", "x/7"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_out_is_positive_and_finite() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for text in ["0", "-1", "NaN", "inf", "1e300", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
