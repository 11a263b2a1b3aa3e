//! A DNS server whose records a test changes.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;
use std::rc::Rc;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio_util::task::AbortOnDropHandle;

/// The name of the SRV records.
pub(super) const SERVICE: &str = "_backend._tcp.site.test";

/// A replica as its SRV record tells of it.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    /// Its host is `NAME.site.test`.
    pub(super) name: &'static str,
    pub(super) address: Ipv4Addr,
    pub(super) port: u16,
    pub(super) priority: u16,
}

pub(super) struct Dns {
    pub(super) address: Ipv4Addr,
    listed: Rc<RefCell<Vec<Listed>>>,
    /// How often the SRV records were asked for.
    asked: Rc<Cell<usize>>,
    /// The questions that are not answered.
    silent: Rc<RefCell<Vec<(&'static str, RecordType)>>>,
    _task: AbortOnDropHandle<()>,
}

impl Dns {
    /// Serves at port 53 of an address of its own, which root may. The answers hold for `ttl` seconds.
    pub(super) async fn start(ttl: u32) -> std::io::Result<Self> {
        let (socket, address) = loop {
            let address = Ipv4Addr::new(127, 53, rand::random(), rand::random());
            match UdpSocket::bind((address, 53)).await {
                Ok(socket) => break (socket, address),
                // Another test has it.
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        };
        let (listed, asked): (Rc<RefCell<Vec<Listed>>>, Rc<Cell<usize>>) = Default::default();
        let silent: Rc<RefCell<Vec<(&'static str, RecordType)>>> = Rc::default();
        let (told, counted) = (Rc::clone(&listed), Rc::clone(&asked));
        let unanswered = Rc::clone(&silent);
        let task = actix_web::rt::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let question = Message::from_vec(&question[..length]).unwrap();
                let name = question.queries[0].name().to_ascii();
                if name.trim_end_matches('.') == SERVICE {
                    counted.set(counted.get() + 1);
                }
                let is_unanswered = |(host, kind): &(&str, RecordType)| {
                    name.starts_with(&format!("{host}.site.test"))
                        && *kind == question.queries[0].query_type()
                };
                if unanswered.borrow().iter().any(is_unanswered) {
                    continue;
                }
                let answer = answer(&question, &told.borrow(), ttl);
                let _ = socket.send_to(&answer.to_vec().unwrap(), from).await;
            }
        });
        Ok(Self {
            address,
            listed,
            asked,
            silent,
            _task: AbortOnDropHandle::new(task),
        })
    }

    /// Without any, the name does not exist.
    pub(super) fn list(&self, listed: &[Listed]) {
        *self.listed.borrow_mut() = listed.to_vec();
    }

    /// From now on, the host's records of this kind are asked for in vain.
    pub(super) fn silence(&self, host: &'static str, kind: RecordType) {
        self.silent.borrow_mut().push((host, kind));
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.get()
    }
}

fn answer(question: &Message, listed: &[Listed], ttl: u32) -> Message {
    let query = &question.queries[0];
    let name = query.name().to_ascii();
    let name = name.trim_end_matches('.');
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_query(query.clone());
    let record = |data| Record::from_rdata(query.name().clone(), ttl, data);
    if name == SERVICE {
        answer.add_answers(listed.iter().map(|one| {
            let host = Name::from_ascii(format!("{}.site.test.", one.name)).unwrap();
            record(RData::SRV(SRV::new(one.priority, 0, one.port, host)))
        }));
    } else if query.query_type() == RecordType::A {
        let mut known = listed.iter();
        let known = known.find(|one| name == format!("{}.site.test", one.name));
        answer.add_answers(known.map(|one| record(RData::A(A(one.address)))));
    }
    let is_known = !answer.answers.is_empty() || query.query_type() == RecordType::AAAA;
    if !is_known {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer
}
