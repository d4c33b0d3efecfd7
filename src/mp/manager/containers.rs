//! Proxies of what holds values: list, dict, namespace and value.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ManagerError;
use super::message::{Blob, Call, Kind, Refusal, Reply};
use super::proxy::{Handle, done, proxy};
use super::session::unexpected;

/// A list in a manager. Python's `manager.list()`.
///
/// Every method is one round trip to the server and back, which carries it out whole; between two of
/// them others may change the list. What [`get`](Self::get) gives is a copy: changing it changes
/// nothing in the list, unless it is itself a proxy.
pub struct ListProxy<T> {
    pub(super) handle: Handle,
    pub(super) carries: PhantomData<fn(T) -> T>,
}
proxy!(ListProxy<T>, Kind::List);

impl<T: Serialize> ListProxy<T> {
    /// Puts an item at the end.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn append(&self, item: &T) -> Result<(), ManagerError> {
        self.handle.does(Call::Append(Blob(&self.handle.bytes(item)?)))
    }

    /// Puts items at the end, all of them in one call.
    ///
    /// # Errors
    /// [`ManagerError`]; none was put then.
    pub fn extend(&self, items: &[T]) -> Result<(), ManagerError> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(items.len()));
        for item in items {
            self.handle.encode(item, &mut bytes)?;
            ends.push(bytes.len());
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let blobs = starts.zip(&ends).map(|(start, &end)| Blob(&bytes[start..end]));
        self.handle.does(Call::Extend(blobs.collect()))
    }

    /// Puts an item in the place of another. Python's `list[index] = item`.
    ///
    /// # Errors
    /// [`OutOfRange`](ManagerError::OutOfRange) and the others.
    pub fn set(&self, index: usize, item: &T) -> Result<(), ManagerError> {
        let bytes = self.handle.bytes(item)?;
        let call = Call::SetAt(index as u64, Blob(&bytes));
        self.handle.call(call, |reply| in_range(reply, index).and_then(done))
    }
}

impl<T: DeserializeOwned> ListProxy<T> {
    /// A copy of the item there. Python's `list[index]`, without negative indices.
    ///
    /// # Errors
    /// [`OutOfRange`](ManagerError::OutOfRange) and the others.
    pub fn get(&self, index: usize) -> Result<T, ManagerError> {
        self.handle.call(Call::At(index as u64), |reply| match in_range(reply, index)? {
            Reply::Item(Some(item)) => self.handle.decode(item.0),
            other => Err(unexpected(&other)),
        })
    }

    /// Takes the last item out; `None` if there is none.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn pop(&self) -> Result<Option<T>, ManagerError> {
        self.handle.may_give(Call::Pop)
    }

    /// Copies of all items. Python's `list[:]`.
    ///
    /// # Errors
    /// [`TooLong`](ManagerError::TooLong) if they do not fit into one message: take slices then; and
    /// the others.
    pub fn to_vec(&self) -> Result<Vec<T>, ManagerError> {
        self.slice(0, usize::MAX)
    }

    /// Copies of the items from `from` to before `to`, as far as there are any. Python's
    /// `list[from:to]`.
    ///
    /// # Errors
    /// As for [`to_vec`](Self::to_vec).
    pub fn slice(&self, from: usize, to: usize) -> Result<Vec<T>, ManagerError> {
        self.handle.call(Call::Slice(from as u64, to as u64), |reply| match reply {
            Reply::Items(items) => items.iter().map(|item| self.handle.decode(item.0)).collect(),
            other => Err(unexpected(&other)),
        })
    }
}

impl<T> ListProxy<T> {
    /// How many items there are. Python's `len(list)`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.handle.counts(Call::Len)
    }

    /// Whether there is none.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    /// Takes all items out.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn clear(&self) -> Result<(), ManagerError> {
        self.handle.does(Call::Clear)
    }
}

fn in_range(reply: Reply<'_>, index: usize) -> Result<Reply<'_>, ManagerError> {
    match reply {
        Reply::Refused(Refusal::OutOfRange(len)) => Err(ManagerError::OutOfRange { index, len }),
        reply => Ok(reply),
    }
}

/// A dict in a manager. Python's `manager.dict()`. Keys come in the order in which they were first
/// set; two keys are one if their bytes are the same.
pub struct DictProxy<K, V> {
    pub(super) handle: Handle,
    pub(super) carries: PhantomData<fn((K, V))>,
}
proxy!(DictProxy<K, V>, Kind::Dict);

impl<K: Serialize, V: Serialize> DictProxy<K, V> {
    /// Sets the item of a key. Python's `dict[key] = item`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn set(&self, key: &K, item: &V) -> Result<(), ManagerError> {
        let (key, item) = (self.handle.bytes(key)?, self.handle.bytes(item)?);
        self.handle.does(Call::SetKeyed(Blob(&key), Blob(&item)))
    }
}

impl<K: Serialize, V: DeserializeOwned> DictProxy<K, V> {
    /// A copy of the key's item; `None` if there is none. Python's `dict.get(key)`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn get(&self, key: &K) -> Result<Option<V>, ManagerError> {
        self.handle.may_give(Call::Keyed(Blob(&self.handle.bytes(key)?)))
    }

    /// Takes a key and its item out; gives the item. Python's `dict.pop(key, None)`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn pop(&self, key: &K) -> Result<Option<V>, ManagerError> {
        self.handle.may_give(Call::PopKeyed(Blob(&self.handle.bytes(key)?)))
    }
}

impl<K: DeserializeOwned, V: DeserializeOwned> DictProxy<K, V> {
    /// Copies of all keys and items. Python's `dict.items()`.
    ///
    /// # Errors
    /// [`TooLong`](ManagerError::TooLong) if they do not fit into one message; and the others.
    pub fn items(&self) -> Result<Vec<(K, V)>, ManagerError> {
        let pair = |(key, item): &(Blob<'_>, Blob<'_>)| {
            Ok((self.handle.decode(key.0)?, self.handle.decode(item.0)?))
        };
        self.handle.call(Call::Pairs, |reply| match reply {
            Reply::Pairs(pairs) => pairs.iter().map(pair).collect(),
            other => Err(unexpected(&other)),
        })
    }
}

impl<K, V> DictProxy<K, V> {
    /// How many keys there are.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.handle.counts(Call::Len)
    }

    /// Whether there is none.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    /// Takes all keys out.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn clear(&self) -> Result<(), ManagerError> {
        self.handle.does(Call::Clear)
    }
}

/// A bag of named values, each of a type of its own. Python's `manager.Namespace()`.
///
/// **The trap**, in Python as here: what [`get`](Self::get) gives is a *copy*. Appending to a plain
/// list that is kept in a namespace changes the copy and nothing else; to change what is kept, set it
/// again, or keep a [`ListProxy`] there.
///
/// ```standalone_crate
/// use parlab::mp::manager::{ListProxy, Manager};
///
/// let directory = tempfile::tempdir()?;
/// let manager = Manager::new(directory.path())?;
/// let ns = manager.namespace()?;
/// ns.set("plain", &vec![1])?;
/// ns.get::<Vec<i32>>("plain")?.push(2); // into a copy
/// assert_eq!(ns.get::<Vec<i32>>("plain")?, [1]);
///
/// ns.set("managed", &manager.list::<i32>()?)?;
/// ns.get::<ListProxy<i32>>("managed")?.append(&2)?; // into the list
/// assert_eq!(ns.get::<ListProxy<i32>>("managed")?.to_vec()?, [2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NamespaceProxy {
    pub(super) handle: Handle,
    pub(super) carries: PhantomData<()>,
}
proxy!(NamespaceProxy, Kind::Namespace);

impl NamespaceProxy {
    /// Sets a value. Python's `ns.name = value`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn set<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<(), ManagerError> {
        let value = self.handle.bytes(value)?;
        self.handle.does(Call::SetKeyed(Blob(name.as_bytes()), Blob(&value)))
    }

    /// A copy of a value; of a proxy, a proxy. Python's `ns.name`.
    ///
    /// # Errors
    /// [`NoSuchName`](ManagerError::NoSuchName) and the others.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, ManagerError> {
        let found = self.handle.may_give(Call::Keyed(Blob(name.as_bytes())))?;
        found.ok_or_else(|| ManagerError::NoSuchName { name: name.to_string() })
    }

    /// Takes a value out; whether there was one. Python's `del ns.name`.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn delete(&self, name: &str) -> Result<bool, ManagerError> {
        self.handle.call(Call::PopKeyed(Blob(name.as_bytes())), |reply| match reply {
            Reply::Item(item) => Ok(item.is_some()),
            other => Err(unexpected(&other)),
        })
    }

    /// All names, in the order in which they were first set.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn names(&self) -> Result<Vec<String>, ManagerError> {
        let text = |name: &Blob<'_>| String::from_utf8_lossy(name.0).into_owned();
        self.handle.call(Call::Keys, |reply| match reply {
            Reply::Items(names) => Ok(names.iter().map(text).collect()),
            other => Err(unexpected(&other)),
        })
    }
}

/// One value in a manager. Python's `manager.Value(type, value)`; like it without a lock: between
/// a [`get`](Self::get) and a [`set`](Self::set) others may set.
pub struct ValueProxy<T> {
    pub(super) handle: Handle,
    pub(super) carries: PhantomData<fn(T) -> T>,
}
proxy!(ValueProxy<T>, Kind::Value);

impl<T: Serialize> ValueProxy<T> {
    /// Sets the value.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn set(&self, value: &T) -> Result<(), ManagerError> {
        self.handle.does(Call::Store(Blob(&self.handle.bytes(value)?)))
    }
}

impl<T: DeserializeOwned> ValueProxy<T> {
    /// A copy of the value.
    ///
    /// # Errors
    /// [`ManagerError`].
    pub fn get(&self) -> Result<T, ManagerError> {
        self.handle.gives(Call::Load)
    }
}
