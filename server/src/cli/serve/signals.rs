use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// The wishes to stop: SIGTERM, as orchestrators send it, and SIGINT, as Ctrl-C does.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on these signals do not end the process by themselves.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Two futures: the first signal asks to stop in order, the second to stop at once.
    pub(super) fn first_and_second(
        mut self,
    ) -> (impl Future<Output = ()> + Send + 'static, impl Future<Output = ()> + Send + 'static) {
        let (told, first) = oneshot::channel();
        let second = async move {
            self.next().await;
            // Nobody waits for the first any more only where the server ended by itself.
            let _ = told.send(());
            self.next().await;
        };
        let first = async move {
            if first.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        (first, second)
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
