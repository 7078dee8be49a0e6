use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// Waits until a GET of `path` there is answered with 200.
///
/// `still_runs` is asked in between, so that a server which died at once is not waited for.
pub(crate) fn wait_for(
    address: SocketAddr,
    path: &str,
    mut still_runs: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let patience = Instant::now() + Duration::from_secs(30);
    while !answers(address, path) {
        still_runs()?;
        if Instant::now() > patience {
            bail!("http://{address}{path} did not answer within 30 s");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut socket = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        socket.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
