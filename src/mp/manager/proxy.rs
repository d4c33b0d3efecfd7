//! What every proxy is: the number of an object, and the session to reach it by. A proxy that is
//! stored in another object of the same manager stays a proxy, and that is what makes nesting work.

use std::cell::RefCell;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::ManagerError;
use super::message::{Call, Kind, ObjectId, Reply};
use super::session::{Session, unexpected};

/// A proxy of an object in a manager, of any kind.
pub trait Proxy: sealed::Reaches {}

pub(super) mod sealed {
    /// How a proxy is made of a handle.
    pub trait Reaches {
        /// What kind of object it stands for.
        const KIND: super::Kind;
        /// The proxy.
        fn of(handle: super::Handle) -> Self;
    }
}

/// The number of an object, and how to reach it.
#[derive(Debug, Clone)]
pub struct Handle {
    session: Rc<Session>,
    object: ObjectId,
}

impl Handle {
    /// Has the manager make an object; one with a name only if there is none of that name.
    pub(super) fn make(
        session: &Rc<Session>,
        kind: Kind,
        name: Option<&str>,
        room: Option<u64>,
    ) -> Result<Self, ManagerError> {
        use super::message::Refusal::OtherKind;
        let call = Call::Make { kind, name, room };
        let object = session.call(0, call, |reply| match (reply, name) {
            (Reply::Number(object), _) => Ok(object),
            (Reply::Refused(OtherKind), Some(name)) => {
                Err(ManagerError::OtherKind { name: name.to_string() })
            }
            (other, _) => Err(unexpected(&other)),
        })?;
        Ok(Handle { session: Rc::clone(session), object })
    }

    pub(super) fn call<R>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(Reply<'_>) -> Result<R, ManagerError>,
    ) -> Result<R, ManagerError> {
        self.session.call(self.object, call, read)
    }

    /// A call that only has to be done.
    pub(super) fn does(&self, call: Call<'_>) -> Result<(), ManagerError> {
        self.call(call, done)
    }

    /// A call that is answered by a number.
    pub(super) fn counts(&self, call: Call<'_>) -> Result<usize, ManagerError> {
        self.call(call, |reply| match reply {
            Reply::Number(number) => Ok(number as usize),
            other => Err(unexpected(&other)),
        })
    }

    /// A call that is answered by an item.
    pub(super) fn gives<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, ManagerError> {
        self.may_give(call)?.ok_or_else(|| unexpected(&Reply::Item(None)))
    }

    /// A call that is answered by an item, or by none.
    pub(super) fn may_give<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
    ) -> Result<Option<T>, ManagerError> {
        self.call(call, |reply| match reply {
            Reply::Item(item) => item.map(|item| self.decode(item.0)).transpose(),
            other => Err(unexpected(&other)),
        })
    }

    /// A value as bytes, behind those that are there.
    pub(super) fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ManagerError> {
        let (encoded, foreign) =
            within(&self.session, || postcard::to_extend(value, std::mem::take(bytes)));
        *bytes = encoded.map_err(|error| match foreign {
            true => ManagerError::ForeignProxy,
            false => ManagerError::Encode(error),
        })?;
        Ok(())
    }

    /// A value as bytes of its own.
    pub(super) fn bytes<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, ManagerError> {
        let mut bytes = Vec::new();
        self.encode(value, &mut bytes)?;
        Ok(bytes)
    }

    /// The value of these bytes, all of them.
    pub(super) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, ManagerError> {
        let (decoded, _) = within(&self.session, || postcard::take_from_bytes(bytes));
        let fault = |source| ManagerError::Decode { len: bytes.len(), source };
        match decoded.map_err(fault)? {
            (value, []) => Ok(value),
            (_, _) => Err(fault(postcard::Error::DeserializeBadEncoding)),
        }
    }
}

/// Reads the answer of a call that only had to be done.
pub(super) fn done(reply: Reply<'_>) -> Result<(), ManagerError> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(unexpected(&other)),
    }
}

/// The session on whose way a value is, and whether a proxy of another manager was met in it.
struct Way {
    session: Rc<Session>,
    foreign: bool,
}

thread_local! {
    /// serde hands nothing through to the inside of a value: a proxy in there finds its session here.
    static WAY: RefCell<Option<Way>> = const { RefCell::new(None) };
}

/// Does something with a value on its way in or out of this session's manager, and tells whether a
/// foreign proxy was met.
fn within<R>(session: &Rc<Session>, work: impl FnOnce() -> R) -> (R, bool) {
    let before = WAY.replace(Some(Way { session: Rc::clone(session), foreign: false }));
    let done = work();
    let way = WAY.replace(before);
    (done, way.is_some_and(|way| way.foreign))
}

/// How a proxy travels: its manager's number, its kind, its object's number.
#[derive(Serialize, Deserialize)]
struct Ticket(u64, Kind, ObjectId);

impl Handle {
    pub(super) fn write<S: Serializer>(
        &self,
        kind: Kind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let manager = self.session.manager();
        let known = WAY.with_borrow_mut(|way| match way {
            Some(way) if way.session.manager() == manager => true,
            Some(way) => {
                way.foreign = true;
                false
            }
            None => false,
        });
        if !known {
            return Err(S::Error::custom("a proxy goes only to its own manager"));
        }
        Ticket(manager, kind, self.object).serialize(serializer)
    }

    pub(super) fn read<'de, D: Deserializer<'de>>(kind: Kind, from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let Ticket(manager, stored, object) = Ticket::deserialize(from)?;
        let session = WAY.with_borrow(|way| way.as_ref().map(|way| Rc::clone(&way.session)));
        match session {
            Some(session) if session.manager() == manager && stored == kind => {
                Ok(Handle { session, object })
            }
            _ => Err(D::Error::custom("a proxy comes only from its own manager, as what it is")),
        }
    }
}

/// The parts of a proxy that are the same for all: it is cloned, stored and received as its handle.
macro_rules! proxy {
    ($proxy:ident $(<$($type:ident),*>)?, $kind:expr) => {
        impl$(<$($type),*>)? $crate::mp::manager::proxy::sealed::Reaches for $proxy$(<$($type),*>)? {
            const KIND: $crate::mp::manager::message::Kind = $kind;
            fn of(handle: $crate::mp::manager::proxy::Handle) -> Self {
                Self { handle, carries: std::marker::PhantomData }
            }
        }

        impl$(<$($type),*>)? $crate::mp::manager::proxy::Proxy for $proxy$(<$($type),*>)? {}

        impl$(<$($type),*>)? Clone for $proxy$(<$($type),*>)? {
            /// Another proxy of the same object.
            fn clone(&self) -> Self {
                Self { handle: self.handle.clone(), carries: std::marker::PhantomData }
            }
        }

        impl$(<$($type),*>)? serde::Serialize for $proxy$(<$($type),*>)? {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.handle.write($kind, to)
            }
        }

        impl<'de $($(, $type)*)?> serde::Deserialize<'de> for $proxy$(<$($type),*>)? {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let handle = $crate::mp::manager::proxy::Handle::read($kind, from)?;
                Ok(Self { handle, carries: std::marker::PhantomData })
            }
        }

        impl$(<$($type),*>)? std::fmt::Debug for $proxy$(<$($type),*>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($proxy)).field(&self.handle).finish()
            }
        }
    };
}
pub(super) use proxy;
