//! Slow, large and many connections, over a real socket.

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const TIMEOUTS: Timeouts =
    Timeouts { headers: Duration::from_millis(300), reader: Duration::from_millis(300), end: Duration::from_secs(5) };

/// A server that says where it is, and a stop for it.
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

/// What comes back until the server hangs up, which it does within two seconds.
async fn hears(address: SocketAddr, says: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(says).await.unwrap();
    let mut heard = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut heard)).await;
    // A server that hangs up on what it has not read resets the connection, after its answer.
    let _ = reading.expect("the server hangs up");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn who_sends_a_request_letter_by_letter_is_hung_up_on() {
    let (address, ..) = open().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        for letter in b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ".iter().chain(std::iter::repeat_n(&b'a', 1000)) {
            if writer.write_all(&[*letter]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut heard = Vec::new();
    tokio::select! {
        _ = tokio::time::timeout(Duration::from_secs(2), reader.read_to_end(&mut heard)) => {}
        () = drip => panic!("a thousand letters were waited for"),
    }
    assert!(!String::from_utf8_lossy(&heard).contains("200"), "and no answer");
}

#[tokio::test]
async fn who_says_nothing_is_hung_up_on() {
    let (address, ..) = open().await;
    assert!(!hears(address, b"").await.contains("200"));
}

#[tokio::test]
async fn who_does_not_read_is_hung_up_on() {
    let (address, stop, serving) = open().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    let before = std::time::Instant::now();
    stop.cancel();
    serving.await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(2), "nobody is waited for any more");
}

#[tokio::test]
async fn headers_have_a_size() {
    let (address, ..) = open().await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "a".repeat(MAX_HEADER_BYTES));
    assert!(hears(address, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(200));
    assert!(hears(address, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn whoever_comes_is_known_by_their_address_and_answered_to_the_end() {
    let (address, stop, serving) = open().await;
    let answer = hears(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
    let late = tokio::spawn(hears_owned(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    assert!(late.await.unwrap().ends_with("slow"), "what was under way is finished");
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "and nobody else is let in");
}

async fn hears_owned(address: SocketAddr, says: &'static str) -> String {
    hears(address, says.as_bytes()).await
}
