//! The binary `tidewire` as a process, and what its tests say to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) const SECRET: &str = "a secret of the tests, long enough";
pub(crate) const CONFIG: &str = r#"
[namespaces.chat]

[[keys]]
algorithm = "HS256"
secret = "a secret of the tests, long enough"

[[api_keys]]
name = "tests"
key = "the key of the tests"
publish = ["chat:*"]
"#;
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A folder with a configuration.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn with(config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("tidewire.toml"), config).unwrap();
        Self(folder)
    }

    pub(crate) fn config(&self) -> String {
        let path: PathBuf = self.0.path().join("tidewire.toml");
        path.to_str().unwrap().to_owned()
    }

    pub(crate) async fn token(&self, argument: &str) -> String {
        let config = format!("--config={}", self.config());
        stdout(&tidewire(&["token", &config, "--sub=ann", argument]).await).trim().to_owned()
    }
}

/// `tidewire serve`, running.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) greeting: Vec<String>,
}

impl Running {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::start_logging("info", arguments).await
    }

    pub(crate) async fn start_logging(level: &str, arguments: &[&str]) -> Self {
        let mut command = command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        command.env("RUST_LOG", level);
        Self::of(command).await
    }

    pub(crate) async fn of(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting: Vec<String> = Vec::new();
        // The last line of the greeting is what everybody is told about who may do what.
        while let Some(line) = in_time(lines.next_line()).await.unwrap() {
            let last = line.starts_with("  access ");
            greeting.push(line);
            if last {
                break;
            }
        }
        let (_, after) = greeting.first().expect("a greeting").split_once("http://").unwrap();
        let address = after.split(' ').next().unwrap().parse().unwrap();
        Self { child, address, greeting }
    }

    pub(crate) async fn connect(&self) -> Client {
        self.try_connect().await.unwrap()
    }

    pub(crate) async fn try_connect(&self) -> Result<Client, tungstenite::Error> {
        let mut request = format!("ws://{}/v1/connect", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "tidewire.v1.json".parse().unwrap());
        in_time(tokio_tungstenite::connect_async(request)).await.map(|(client, _)| client)
    }

    pub(crate) async fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id().unwrap());
        assert!(Command::new("sh").args(["-c", &line]).status().await.unwrap().success());
    }

    /// How it ended, and all that it logged.
    pub(crate) async fn ended(&mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        in_time(stderr.read_to_string(&mut log)).await.unwrap();
        (in_time(self.child.wait()).await.unwrap(), log)
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewire"));
    for variable in ["LISTEN", "BACKBONE", "CONFIG", "NODE", "URL", "ADMIN_KEY"] {
        command.env_remove(format!("TIDEWIRE_{variable}"));
    }
    command.args(arguments);
    command
}

pub(crate) async fn tidewire(arguments: &[&str]) -> Output {
    in_time(command(arguments).output()).await.unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) async fn say(client: &mut Client, frame: &str) {
    in_time(client.send(Message::text(frame))).await.unwrap();
}

pub(crate) async fn hear(client: &mut Client) -> String {
    in_time(client.next()).await.expect("an open connection").unwrap().into_text().unwrap().to_string()
}

/// Reads until the connection ends: the close code and reason.
pub(crate) async fn closing(client: &mut Client) -> Option<(u16, String)> {
    while let Some(Ok(message)) = in_time(client.next()).await {
        if let Message::Close(Some(tungstenite::protocol::CloseFrame { code, reason })) = message {
            return Some((code.into(), reason.to_string()));
        }
    }
    None
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("an answer in time")
}
