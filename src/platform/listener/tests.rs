//! Tests of the listener over real sockets: slow clients, large headers, and shutdown.

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const TIMEOUTS: Timeouts =
    Timeouts { headers: Duration::from_millis(300), reader: Duration::from_millis(300), end: Duration::from_secs(5) };

/// Starts a server. Returns its address, the token that stops it, and its task.
async fn open() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        "slow"
    };
    let endless = || async { vec![b'a'; 64 * 1024 * 1024] };
    let router = Router::new()
        .route("/", get(peer))
        .route("/slow", get(slow))
        .route("/endless", get(endless))
        .route("/", post(|body: axum::body::Bytes| async move { body.len().to_string() }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    (address, stop.clone(), tokio::spawn(serve(listener, router, TIMEOUTS, stop)))
}

/// Sends a request. Returns everything until the server closes the connection, at most two seconds later.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut response = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut response)).await;
    // A server that closes a connection with unread bytes resets it after its response.
    let _ = reading.expect("the server closes the connection");
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test]
async fn a_client_that_sends_headers_too_slowly_is_disconnected() {
    let (address, ..) = open().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let slow_write = async {
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ".iter().chain(std::iter::repeat_n(&b'a', 1000)) {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut response = Vec::new();
    tokio::select! {
        _ = tokio::time::timeout(Duration::from_secs(2), reader.read_to_end(&mut response)) => {}
        () = slow_write => panic!("the server waited for a thousand bytes"),
    }
    assert!(!String::from_utf8_lossy(&response).contains("200"), "the slow request was answered");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let (address, ..) = open().await;
    assert!(!exchange(address, b"").await.contains("200"));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let (address, stop, serving) = open().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    let before = std::time::Instant::now();
    stop.cancel();
    serving.await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(2), "the server waited for a client that does not read");
}

#[tokio::test]
async fn headers_have_a_size() {
    let (address, ..) = open().await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "a".repeat(MAX_HEADER_BYTES));
    assert!(exchange(address, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(200));
    assert!(exchange(address, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_request_has_the_clients_address_and_finishes_after_shutdown_begins() {
    let (address, stop, serving) = open().await;
    let answer = exchange(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
    let late = tokio::spawn(exchange_owned(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    assert!(late.await.unwrap().ends_with("slow"), "a request in progress is finished");
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "new connections are refused");
}

async fn exchange_owned(address: SocketAddr, request: &'static str) -> String {
    exchange(address, request.as_bytes()).await
}
