//! The objects that the server owns, and what can be called on each: one table, and nothing else is
//! offered. A call is carried out whole or refused whole.

use std::collections::{HashMap, VecDeque};

use super::budget::{Budget, ITEM_COST, Item};
use super::message::{Blob, Call, Kind, ObjectId, Refusal, Reply, Request, Wait};

/// Names a client's connection; never used again.
pub(super) type PeerId = u64;

/// All objects of a server.
pub(super) struct Store {
    objects: HashMap<ObjectId, Object>,
    names: HashMap<String, ObjectId>,
    last: ObjectId,
    calls: u64,
    /// Bytes stored, and the most that may be.
    used: usize,
    limit: usize,
    /// The longest answer.
    longest: usize,
    /// What was taken out and is to be handed over.
    hand: Item,
}

enum Object {
    List(Vec<Item>),
    Dict(Dict),
    Namespace(Dict),
    Value(Item),
    Queue { items: VecDeque<Item>, room: Option<u64> },
    Lock { owner: Option<PeerId>, orphan: bool },
}

/// Items by key, in the order in which the keys came, as Python's.
#[derive(Default)]
struct Dict {
    items: HashMap<Item, (u64, Item)>,
    next: u64,
}

/// What became of a call.
pub(super) enum Outcome<'a> {
    Answer(Reply<'a>),
    /// It has to wait, for so long at most.
    Wait(Wait),
}

use Outcome::{Answer, Wait as MustWait};

type Answered<'a> = Result<Outcome<'a>, Refusal>;

impl Store {
    /// An empty store, of at most `limit` bytes, whose answers have at most `longest`.
    pub(super) fn new(limit: usize, longest: usize) -> Self {
        Store {
            objects: HashMap::new(),
            names: HashMap::new(),
            last: 0,
            calls: 0,
            used: 0,
            limit,
            longest,
            hand: Item::default(),
        }
    }

    /// Carries out a call of `peer`'s. A call that has to wait has changed nothing, and is to be
    /// tried again.
    pub(super) fn call(&mut self, peer: PeerId, request: &Request<'_>) -> Outcome<'_> {
        self.calls += 1;
        self.dispatch(peer, request).unwrap_or_else(|refusal| Answer(Reply::Refused(refusal)))
    }

    /// A call that waited is tried again, and is not counted anew.
    pub(super) fn again(&mut self, peer: PeerId, request: &Request<'_>) -> Outcome<'_> {
        self.dispatch(peer, request).unwrap_or_else(|refusal| Answer(Reply::Refused(refusal)))
    }

    /// The locks of a client that is gone belong to nobody; gives those objects.
    pub(super) fn gone(&mut self, peer: PeerId) -> Vec<ObjectId> {
        let mut freed = Vec::new();
        for (&id, object) in &mut self.objects {
            if let Object::Lock { owner, orphan } = object
                && *owner == Some(peer)
            {
                (*owner, *orphan) = (None, true);
                freed.push(id);
            }
        }
        freed
    }

    fn dispatch(&mut self, peer: PeerId, request: &Request<'_>) -> Answered<'_> {
        match &request.call {
            Call::Make { kind, name, room } => return self.make(*kind, *name, *room),
            Call::Served => return Ok(Answer(Reply::Number(self.calls - 1))),
            _ => {}
        }
        let object = self.objects.get_mut(&request.object).ok_or(Refusal::NoObject)?;
        let mut budget = Budget::new(&mut self.used, self.limit);
        match object {
            Object::List(items) => {
                list(items, &request.call, &mut budget, self.longest, &mut self.hand)
            }
            Object::Dict(dict) | Object::Namespace(dict) => {
                dict.call(&request.call, &mut budget, self.longest, &mut self.hand)
            }
            Object::Value(item) => value(item, &request.call, &mut budget),
            Object::Queue { items, room } => {
                queue(items, *room, &request.call, &mut budget, &mut self.hand)
            }
            Object::Lock { owner, orphan } => lock(owner, orphan, peer, &request.call),
        }
    }

    fn make(&mut self, kind: Kind, name: Option<&str>, room: Option<u64>) -> Answered<'_> {
        if let Some(&id) = name.and_then(|name| self.names.get(name)) {
            let same = self.objects.get(&id).is_some_and(|object| object.kind() == kind);
            return if same { Ok(Answer(Reply::Number(id))) } else { Err(Refusal::OtherKind) };
        }
        let mut budget = Budget::new(&mut self.used, self.limit);
        budget.take(name.map_or(0, str::len) + ITEM_COST)?;
        self.last += 1;
        let object = match kind {
            Kind::List => Object::List(Vec::new()),
            Kind::Dict => Object::Dict(Dict::default()),
            Kind::Namespace => Object::Namespace(Dict::default()),
            Kind::Value => Object::Value(Item::default()),
            Kind::Queue => Object::Queue { items: VecDeque::new(), room },
            Kind::Lock => Object::Lock { owner: None, orphan: false },
        };
        self.objects.insert(self.last, object);
        self.names.extend(name.map(|name| (name.to_string(), self.last)));
        Ok(Answer(Reply::Number(self.last)))
    }
}

impl Object {
    fn kind(&self) -> Kind {
        match self {
            Object::List(_) => Kind::List,
            Object::Dict(_) => Kind::Dict,
            Object::Namespace(_) => Kind::Namespace,
            Object::Value(_) => Kind::Value,
            Object::Queue { .. } => Kind::Queue,
            Object::Lock { .. } => Kind::Lock,
        }
    }
}

fn list<'a>(
    items: &'a mut Vec<Item>,
    call: &Call<'_>,
    budget: &mut Budget<'_>,
    longest: usize,
    hand: &'a mut Item,
) -> Answered<'a> {
    let len = items.len();
    let at = |index: u64| {
        let index = usize::try_from(index).ok().filter(|&index| index < len);
        index.ok_or(Refusal::OutOfRange(len as u64))
    };
    match call {
        Call::Append(item) => {
            items.try_reserve(1).map_err(|_| Refusal::NoMemory)?;
            let item = budget.store(*item)?;
            items.push(item);
        }
        Call::Extend(more) => {
            items.try_reserve(more.len()).map_err(|_| Refusal::NoMemory)?;
            budget.take(more.iter().map(|item| item.0.len() + ITEM_COST).sum())?;
            items.extend(more.iter().map(|item| Item::from(item.0)));
        }
        Call::At(index) => return Ok(item(Some(&items[at(*index)?]))),
        Call::SetAt(index, item) => {
            let place = &mut items[at(*index)?];
            *place = budget.replace(place, *item)?;
        }
        Call::Slice(from, to) => {
            let to = usize::try_from(*to).unwrap_or(len).min(len);
            let from = usize::try_from(*from).unwrap_or(len).min(to);
            let slice = &items[from..to];
            fits(slice.iter(), longest)?;
            return Ok(Answer(Reply::Items(slice.iter().map(|item| Blob(item)).collect())));
        }
        Call::Pop => {
            return Ok(match items.pop() {
                Some(last) => handed_over(budget, last, hand),
                None => item(None),
            });
        }
        Call::Len => return Ok(number(len)),
        Call::Clear => items.drain(..).for_each(|item| budget.give_back(&item)),
        _ => return Err(Refusal::NotOffered),
    }
    Ok(Answer(Reply::Done))
}

impl Dict {
    fn call<'a>(
        &'a mut self,
        call: &Call<'_>,
        budget: &mut Budget<'_>,
        longest: usize,
        hand: &'a mut Item,
    ) -> Answered<'a> {
        match call {
            Call::Keyed(key) => return Ok(item(self.items.get(key.0).map(|(_, item)| item))),
            Call::SetKeyed(key, item) => match self.items.get_mut(key.0) {
                Some((_, place)) => *place = budget.replace(place, *item)?,
                None => {
                    self.items.try_reserve(1).map_err(|_| Refusal::NoMemory)?;
                    budget.take(key.0.len() + item.0.len() + 2 * ITEM_COST)?;
                    self.items.insert(key.0.into(), (self.next, item.0.into()));
                    self.next += 1;
                }
            },
            Call::PopKeyed(key) => {
                return match self.items.remove_entry(key.0) {
                    Some((key, (_, item))) => {
                        budget.give_back(&key);
                        Ok(handed_over(budget, item, hand))
                    }
                    None => Ok(Answer(Reply::Item(None))),
                };
            }
            Call::Keys => {
                fits(self.items.keys(), longest)?;
                let keys = self.in_order().into_iter().map(|(key, _)| key);
                return Ok(Answer(Reply::Items(keys.collect())));
            }
            Call::Pairs => {
                fits(self.items.iter().flat_map(|(key, (_, item))| [key, item]), longest)?;
                return Ok(Answer(Reply::Pairs(self.in_order())));
            }
            Call::Len => return Ok(number(self.items.len())),
            Call::Clear => {
                for (key, (_, item)) in self.items.drain() {
                    budget.give_back(&key);
                    budget.give_back(&item);
                }
            }
            _ => return Err(Refusal::NotOffered),
        }
        Ok(Answer(Reply::Done))
    }

    fn in_order(&self) -> Vec<(Blob<'_>, Blob<'_>)> {
        let mut pairs: Vec<_> = self.items.iter().collect();
        pairs.sort_unstable_by_key(|(_, (place, _))| *place);
        pairs.into_iter().map(|(key, (_, item))| (Blob(key), Blob(item))).collect()
    }
}

fn value<'a>(place: &'a mut Item, call: &Call<'_>, budget: &mut Budget<'_>) -> Answered<'a> {
    match call {
        Call::Load => Ok(item(Some(place))),
        Call::Store(new) => {
            *place = budget.replace(place, *new)?;
            Ok(Answer(Reply::Done))
        }
        _ => Err(Refusal::NotOffered),
    }
}

fn queue<'a>(
    items: &mut VecDeque<Item>,
    room: Option<u64>,
    call: &Call<'_>,
    budget: &mut Budget<'_>,
    hand: &'a mut Item,
) -> Answered<'a> {
    match call {
        Call::Put(_, wait) if room.is_some_and(|room| items.len() as u64 >= room) => {
            Ok(MustWait(*wait))
        }
        Call::Put(item, _) => {
            items.try_reserve(1).map_err(|_| Refusal::NoMemory)?;
            items.push_back(budget.store(*item)?);
            Ok(Answer(Reply::Done))
        }
        Call::Take(wait) => match items.pop_front() {
            Some(first) => Ok(handed_over(budget, first, hand)),
            None => Ok(MustWait(*wait)),
        },
        Call::Len => Ok(number(items.len())),
        _ => Err(Refusal::NotOffered),
    }
}

fn lock<'a>(
    owner: &mut Option<PeerId>,
    orphan: &mut bool,
    peer: PeerId,
    call: &Call<'_>,
) -> Answered<'a> {
    match call {
        Call::Acquire(wait) if owner.is_some() => Ok(MustWait(*wait)),
        Call::Acquire(_) => {
            *owner = Some(peer);
            Ok(Answer(Reply::Acquired(std::mem::take(orphan))))
        }
        Call::Release if *owner == Some(peer) => {
            *owner = None;
            Ok(Answer(Reply::Done))
        }
        Call::Release => Err(Refusal::NotOwner),
        _ => Err(Refusal::NotOffered),
    }
}

fn item(item: Option<&Item>) -> Outcome<'_> {
    Answer(Reply::Item(item.map(|item| Blob(item))))
}

/// The answer that hands over an item that was taken out: it lies in `hand` until it is sent.
fn handed_over<'a>(budget: &mut Budget<'_>, item: Item, hand: &'a mut Item) -> Outcome<'a> {
    budget.give_back(&item);
    *hand = item;
    Answer(Reply::Item(Some(Blob(hand))))
}

fn number<'a>(number: usize) -> Outcome<'a> {
    Answer(Reply::Number(number as u64))
}

/// Whether an answer with these items is short enough; each may have ten bytes for its length.
fn fits<'a>(items: impl Iterator<Item = &'a Item>, longest: usize) -> Result<(), Refusal> {
    let bytes: usize = items.map(|item| item.len() + 10).sum();
    if bytes <= longest {
        Ok(())
    } else {
        Err(Refusal::AnswerTooLong(bytes as u64, longest as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::{Blob, Call, Kind, Outcome, Refusal, Reply, Request, Store};

    fn call(store: &mut Store, object: u64, call: Call<'_>) -> String {
        match store.call(1, &Request { object, call }) {
            Outcome::Answer(reply) => format!("{reply:?}"),
            Outcome::Wait(_) => "waits".to_string(),
        }
    }

    fn make(store: &mut Store, kind: Kind) -> u64 {
        match store
            .call(1, &Request { object: 0, call: Call::Make { kind, name: None, room: None } })
        {
            Outcome::Answer(Reply::Number(object)) => object,
            _ => panic!("an object can be made"),
        }
    }

    #[test]
    fn an_object_offers_what_its_kind_has_and_nothing_else() {
        let mut store = Store::new(1 << 20, 1 << 20);
        let refused = format!("{:?}", Reply::Refused(Refusal::NotOffered));
        for kind in [Kind::Dict, Kind::Namespace, Kind::Value, Kind::Queue, Kind::Lock] {
            let object = make(&mut store, kind);
            assert_eq!(call(&mut store, object, Call::Append(Blob(b"x"))), refused, "{kind:?}");
        }
        let list = make(&mut store, Kind::List);
        for wrong in [Call::Load, Call::Release, Call::Take(None), Call::Keys] {
            assert_eq!(call(&mut store, list, wrong), refused);
        }
        assert_eq!(call(&mut store, list, Call::Len), "Number(0)");
        assert_eq!(call(&mut store, 99, Call::Len), "Refused(NoObject)");
    }

    #[test]
    fn what_is_taken_out_is_no_longer_counted() {
        let mut store = Store::new(1000, 1 << 20);
        let (list, dict) = (make(&mut store, Kind::List), make(&mut store, Kind::Dict));
        let before = store.used;
        call(&mut store, list, Call::Extend(vec![Blob(b"one"), Blob(b"two")]));
        call(&mut store, list, Call::SetAt(0, Blob(b"longer")));
        call(&mut store, list, Call::SetAt(1, Blob(b"")));
        call(&mut store, dict, Call::SetKeyed(Blob(b"key"), Blob(b"item")));
        call(&mut store, dict, Call::SetKeyed(Blob(b"key"), Blob(b"another item")));
        call(&mut store, dict, Call::SetKeyed(Blob(b"second"), Blob(b"item")));
        call(&mut store, dict, Call::PopKeyed(Blob(b"key")));
        assert!(store.used > before);
        call(&mut store, list, Call::Pop);
        call(&mut store, list, Call::Clear);
        call(&mut store, dict, Call::Clear);
        assert_eq!(store.used, before);
    }
}
