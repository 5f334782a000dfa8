//! Connections: taken in up to a number, over TLS when there is a certificate, each with time-outs, and ended in good order.
use super::config::{Limits, TlsFiles};
use super::{Phase, log};
use crate::error::SetupError;
use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Bytes of a request's head: a token, a query and the headers of any client fit.
const MAX_HEAD_BYTES: usize = 32 << 10;
/// Pause after the system could not give a connection, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Reads certificate and key.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, SetupError> {
    let wrong = |path: &Path, reason: String| SetupError::File { path: path.to_path_buf(), reason };
    let TlsFiles { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
        .map_err(|e| wrong(certificate, format!("holds no PEM certificates: {e}")))?;
    // What is wrong with a key is told without what is in it.
    let private = PrivateKeyDer::from_pem_file(key).map_err(|_| wrong(key, "holds no PEM private key".to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, private))
        .map_err(|e| wrong(certificate, format!("does not make a TLS service with {}: {e}", key.display())))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The signals that end the service.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens to them from now on.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next, and tells its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Takes connections until the service ends, and waits for those it has.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    mut phase: watch::Receiver<Phase>,
) {
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let mut connections = JoinSet::new();
    loop {
        // A place first: more connections than there may be wait in the system's own queue, which is bounded.
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = phase.wait_for(|p| *p == Phase::Ending) => break,
        };
        while connections.try_join_next().is_some() {}
        let (Ok(place), stream) = (place, accepted) else { break };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) => {
                log(&format!("a connection could not be taken: {error}"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and waited for.
        stream.set_nodelay(true).ok();
        let (router, phase, receive) = (router.clone(), phase.clone(), limits.receive);
        match tls.clone() {
            None => connections.spawn(connection(stream, router, receive, phase, place)),
            Some(tls) => connections.spawn(async move {
                // A failed handshake is the client's affair.
                if let Ok(Ok(stream)) = tokio::time::timeout(receive, tls.accept(stream)).await {
                    connection(stream, router, receive, phase, place).await;
                }
            }),
        };
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    receive: Duration,
    mut phase: watch::Receiver<Phase>,
    _place: OwnedSemaphorePermit,
) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(receive).max_buf_size(MAX_HEAD_BYTES);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(serving);
    // How a connection ends is the client's affair.
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = phase.wait_for(|p| *p == Phase::Ending) => {}
    }
    serving.as_mut().graceful_shutdown();
    serving.await.ok();
}
