//! A mail server as small as a test needs: it takes mails, refuses them for now, or is silent.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// Every mail is refused for now (RFC 5321 §4.2.1: 4yz).
    Refuses,
    /// Never says a word.
    Silent,
}

/// A server that runs until the end of the test's runtime.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    pub(crate) mood: Rc<Cell<Mood>>,
    /// The mails that it took, as they were sent.
    pub(crate) taken: Rc<RefCell<Vec<String>>>,
    /// How many mails were offered.
    pub(crate) offered: Rc<Cell<usize>>,
}

impl MailServer {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            mood: Rc::new(Cell::new(mood)),
            taken: Rc::default(),
            offered: Rc::default(),
        };
        let (mood, taken) = (Rc::clone(&server.mood), Rc::clone(&server.taken));
        let offered = Rc::clone(&server.offered);
        actix_web::rt::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let (mood, taken) = (Rc::clone(&mood), Rc::clone(&taken));
                let offered = Rc::clone(&offered);
                actix_web::rt::spawn(async move {
                    // A client that goes away ends the conversation.
                    let _ = talk(stream, &mood, &taken, &offered).await;
                });
            }
        });
        server
    }
}

async fn talk(
    stream: TcpStream,
    mood: &Cell<Mood>,
    taken: &RefCell<Vec<String>>,
    offered: &Cell<usize>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if mood.get() == Mood::Silent {
        offered.set(offered.get() + 1);
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 {}
        return Ok(());
    }
    stream.write_all(b"220 mail.example.com\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.example.com\r\n250 8BITMIME\r\n",
            "RCPT" if mood.get() == Mood::Refuses => {
                offered.set(offered.get() + 1);
                "451 try again later\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                let mail = read_mail(&mut stream).await?;
                taken.borrow_mut().push(mail);
                "250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Up to the line with a single dot.
async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let before = mail.len();
        if stream.read_line(&mut mail).await? == 0 || &mail[before..] == ".\r\n" {
            mail.truncate(before);
            return Ok(mail);
        }
    }
}
