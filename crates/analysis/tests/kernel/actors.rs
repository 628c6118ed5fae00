//! Clients and servers inside the namespaces: this test binary started again with a script in its environment.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The echo.
    Answer,
    /// Connection refused.
    Refused,
    /// Another error: unreachable, prohibited.
    Error,
    /// Nothing.
    Silence,
    /// Connected, then nothing.
    Connected,
}

/// The first ICMPv6 error may come while connect(2) still holds the socket and is then ignored; the second attempt
/// follows after a second.
const WAIT: Duration = Duration::from_millis(1700);

/// Starts this binary's `actor` in a namespace.
pub(crate) fn start(namespace: &str, script: &str) -> std::io::Result<Child> {
    let exe = std::env::current_exe()?;
    Command::new("ip")
        .args(["netns", "exec", namespace])
        .arg(exe)
        .args(["actor", "--exact", "--nocapture", "--test-threads=1"])
        .env("KERNEL_ACTOR", script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// The answers of a client, in the order of its flows.
pub(crate) fn finish(child: Child) -> Vec<Seen> {
    let output = child.wait_with_output().expect("the actor's output");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter_map(|line| line.split_once("SEEN "))
        .map(|(_, word)| match word.trim() {
            "Answer" => Seen::Answer,
            "Refused" => Seen::Refused,
            "Error" => Seen::Error,
            "Connected" => Seen::Connected,
            _ => Seen::Silence,
        })
        .collect()
}

/// Plays what the environment says: `serve PROTO ADDRESS PORT …` or `ask PROTO FROM SPORT TO PORT …`, `;` between.
pub(crate) fn run() {
    let Ok(script) = std::env::var("KERNEL_ACTOR") else { return };
    let mut asking = Vec::new();
    for part in script.split(';').filter(|part| !part.trim().is_empty()) {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            ["serve", proto, address, port] => serve(proto, address, port),
            ["ask", proto, from, sport, to, port] => {
                let (proto, from) = ((*proto).to_owned(), SocketAddr::new(ip(from), number(sport)));
                let to = SocketAddr::new(ip(to), number(port));
                asking.push(std::thread::spawn(
                    move || if proto == "udp" { ask_udp(from, to) } else { ask_tcp(from, to) },
                ));
            }
            other => panic!("script: {other:?}"),
        }
    }
    if asking.is_empty() {
        println!("READY");
        let _ = std::io::stdout().flush();
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        return;
    }
    for thread in asking {
        println!("SEEN {:?}", thread.join().expect("a client"));
    }
}

fn ip(word: &str) -> IpAddr {
    word.parse().expect("an address")
}

fn number(word: &str) -> u16 {
    word.parse().expect("a port")
}

fn serve(proto: &str, address: &str, port: &str) {
    let at = SocketAddr::new(ip(address), number(port));
    if proto == "udp" {
        let socket = UdpSocket::bind(at).expect("a bound socket");
        std::thread::spawn(move || {
            let mut buffer = [0; 64];
            while let Ok((size, from)) = socket.recv_from(&mut buffer) {
                let _ = socket.send_to(&buffer[..size], from);
            }
        });
        return;
    }
    let listener = TcpListener::bind(at).expect("a listener");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let (mut stream, mut buffer) = (stream, [0; 64]);
                if let Ok(size) = stream.read(&mut buffer) {
                    let _ = stream.write_all(&buffer[..size]);
                }
            });
        }
    });
}

fn failed(error: &std::io::Error) -> Seen {
    match (error.kind(), error.raw_os_error()) {
        (ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset, _) => Seen::Refused,
        (ErrorKind::TimedOut | ErrorKind::WouldBlock, _) => Seen::Silence,
        // The local OUTPUT chain drops: sending fails with EPERM.
        (_, Some(1)) => Seen::Silence,
        _ => Seen::Error,
    }
}

fn ask_tcp(from: SocketAddr, to: SocketAddr) -> Seen {
    let stream = match connect(from, to) {
        Ok(stream) => stream,
        Err(error) => return failed(&error),
    };
    let (mut stream, mut buffer) = (stream, [0; 8]);
    let _ = stream.set_read_timeout(Some(WAIT));
    let _ = stream.write_all(b"x");
    match stream.read(&mut buffer) {
        Ok(size) if size > 0 => Seen::Answer,
        _ => Seen::Connected,
    }
}

/// The standard library cannot bind a stream before it connects; the source is chosen by the kernel, and only the
/// port differs from what was asked, which no generated rule distinguishes.
fn connect(_from: SocketAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect_timeout(&to, WAIT)
}

fn ask_udp(from: SocketAddr, to: SocketAddr) -> Seen {
    let socket = match UdpSocket::bind(from) {
        Ok(socket) => socket,
        Err(error) => return failed(&error),
    };
    let _ = socket.set_read_timeout(Some(WAIT));
    if let Err(error) = socket.connect(to).and_then(|()| socket.send(b"x").map(|_| ()))
        // OUTPUT took the packet away: the error that REJECT sends comes all the same.
        && error.raw_os_error() != Some(1)
    {
        return failed(&error);
    }
    let mut buffer = [0; 8];
    match socket.recv(&mut buffer) {
        Ok(_) => Seen::Answer,
        Err(error) => failed(&error),
    }
}
