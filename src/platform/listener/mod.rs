//! TCP listener with header, idle and write timeouts (slow-loris protection). A client that sends its request byte by byte, or never reads
//! the response, would hold one of a limited number of connections.

#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Of a request line with its headers, and between two requests.
    pub headers: Duration,
    /// Of writing a response that the client does not read.
    pub reader: Duration,
    /// Grace period of requests under way when the server stops.
    pub end: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { headers: seconds(20), reader: seconds(30), end: seconds(10) }
    }
}

/// Maximum size of a request line with its headers, in bytes. A larger one gets 431.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Maximum number of open connections. Further ones wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 4096;

/// Serves connections until `stop` is cancelled, then finishes the requests under way.
pub async fn serve(listener: TcpListener, router: Router, patience: Timeouts, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience.headers)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_header_size(MAX_HEADER_BYTES);
    let (graceful, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
    loop {
        let accepted = async {
            let place = room.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! { () = stop.cancelled() => break, accepted = accepted => accepted };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Such as too many open files, which passes when a connection is closed.
                tracing::warn!(%error, "Could not accept a connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let service = service_fn({
            let router = router.clone();
            move |mut request: http::Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
                router.clone().oneshot(request.map(axum::body::Body::new))
            }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(patient(stream, patience)), service));
        tokio::spawn(async move {
            // It fails when the other side hangs up or is too slow, which is nobody's business.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection failed");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(patience.end, graceful.shutdown()).await.is_err() {
        tracing::warn!("Requests took longer than the grace period; closing them");
    }
}

fn patient(stream: TcpStream, patience: Timeouts) -> std::pin::Pin<Box<TimeoutStream<TcpStream>>> {
    // Without this, a page that is sent in two writes waits 40 ms for the client's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "Could not disable Nagle's algorithm");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.reader));
    Box::pin(stream)
}
