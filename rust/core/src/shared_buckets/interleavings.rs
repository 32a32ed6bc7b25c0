//! All interleavings of a few calls, one access at a time.
//!
//! A state is the memory, and what each call has read so far. A call is continued by calling it again: it gets what it
//! has read, makes one access more, and is stopped at the next one. A call that is never continued is one whose process
//! was killed, so whatever holds in every state holds after every kill.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::slot::Entry;
use super::window::Window;
use super::{Memory, SharedBuckets};
use crate::buckets::{Fingerprints, Moment};

const SECOND: u64 = 1_000_000_000;
const START: u64 = 100 * SECOND;
const HASH_KEY: [u8; 16] = [7; 16];
const SLOTS: usize = 8;
/// Two keys may take over each other's claims again and again: longer runs are not explored.
const MAX_CLAIMS: u64 = 5;

/// What processes share. Only `open` slots can change: the others hold other keys.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Machine {
    slots: [u128; SLOTS],
    open: [bool; SLOTS],
    claims: u64,
    now: u64,
    /// Whether a call lets the clock go on. Otherwise reading it is no access.
    is_running: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Seen {
    Word(u128),
    Replaced(bool),
    Number(u64),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Call {
    Take(u8, u64),
    GiveBack(u8),
    Reset(u8),
    /// The clock goes on by nanoseconds.
    Wait(u64),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Process {
    call: Call,
    seen: Vec<Seen>,
    /// What the call returned.
    result: Option<u64>,
}

struct Stopped;

/// The memory and the clock of a call that is continued.
struct Continued<'a> {
    machine: &'a RefCell<Machine>,
    seen: RefCell<Vec<Seen>>,
    read: Cell<usize>,
    may_go_on: Cell<bool>,
    is_take: bool,
}

impl Continued<'_> {
    fn access(&self, access: impl FnOnce(&mut Machine) -> Seen) -> Seen {
        let at = self.read.get();
        self.read.set(at + 1);
        if let Some(seen) = self.seen.borrow().get(at) {
            return *seen;
        }
        if !self.may_go_on.replace(false) {
            resume_unwind(Box::new(Stopped));
        }
        let seen = access(&mut self.machine.borrow_mut());
        self.seen.borrow_mut().push(seen);
        seen
    }

    /// A call that takes tokens starts again after a claim, and when another was faster: what it has read has no effect
    /// on it any more. To forget that makes many states equal.
    fn start_again(&self) {
        if self.is_take {
            self.seen.borrow_mut().clear();
            self.read.set(0);
        }
    }
}

impl Memory for Continued<'_> {
    fn groups(&self) -> u64 {
        2
    }

    fn load(&self, slot: usize) -> u128 {
        if !self.machine.borrow().open[slot] {
            return self.machine.borrow().slots[slot];
        }
        match self.access(|machine| Seen::Word(machine.slots[slot])) {
            Seen::Word(word) => word,
            _ => unreachable!("a call does the same with the same readings"),
        }
    }

    fn replace(&self, slot: usize, old: u128, new: u128) -> bool {
        let replaced = self.access(|machine| {
            assert!(machine.open[slot], "the slots of other keys have debt, and there are idle ones");
            let is_same = machine.slots[slot] == old;
            if is_same {
                machine.slots[slot] = new;
            }
            Seen::Replaced(is_same)
        });
        let is_replaced = replaced == Seen::Replaced(true);
        if !is_replaced || Entry::from(new).is_claim() {
            self.start_again();
        }
        is_replaced
    }

    fn next_claim(&self) -> u64 {
        match self.access(|machine| {
            machine.claims += 1;
            Seen::Number(machine.claims)
        }) {
            Seen::Number(number) => number,
            _ => unreachable!("a call does the same with the same readings"),
        }
    }

    fn epoch(&self) -> u64 {
        0
    }
}

impl Moment for Continued<'_> {
    fn roughly(&self) -> u64 {
        self.exactly()
    }

    fn exactly(&self) -> u64 {
        if !self.machine.borrow().is_running {
            return START;
        }
        match self.access(|machine| Seen::Number(machine.now)) {
            Seen::Number(now) => now,
            _ => unreachable!("a call does the same with the same readings"),
        }
    }
}

/// Calls that run at once on the buckets of one limit.
struct Case {
    capacity: u64,
    period: u64,
    /// Slots of the window of key 0, in its order, that can change, and what they hold.
    open: Vec<u128>,
    calls: Vec<Call>,
}

impl Case {
    fn new(capacity: u64, calls: &[Call]) -> Self {
        Self { capacity, period: SECOND, open: vec![0; 2], calls: calls.to_vec() }
    }

    fn buckets(&self) -> SharedBuckets {
        SharedBuckets::new(self.capacity, self.period, &HASH_KEY).expect("in range")
    }

    /// Run every interleaving. Calls `check` in each state. Returns the number of states.
    fn explore(&self, check: impl Fn(&Machine, &[Process])) -> usize {
        let others = Entry { fingerprint: 1, arrival: START + 1_000 * SECOND };
        let is_running = self.calls.iter().any(|call| matches!(call, Call::Wait(_)));
        let (slots, open) = ([others.into(); SLOTS], [false; SLOTS]);
        let mut machine = Machine { slots, open, claims: 0, now: START, is_running };
        for (slot, word) in window(0).slots().zip(&self.open) {
            machine.slots[slot] = *word;
            machine.open[slot] = true;
        }
        let processes = self.calls.iter().map(|call| Process { call: *call, seen: vec![], result: None });
        let buckets = self.buckets();
        let mut visited = HashSet::new();
        let mut states = vec![(machine, processes.collect::<Vec<_>>())];
        while let Some((machine, processes)) = states.pop() {
            if machine.claims > MAX_CLAIMS || !visited.insert((machine.clone(), processes.clone())) {
                continue;
            }
            check(&machine, &processes);
            for index in (0..processes.len()).filter(|index| processes[*index].result.is_none()) {
                let (mut machine, mut processes) = (machine.clone(), processes.clone());
                go_on(&buckets, &mut machine, &mut processes[index]);
                states.push((machine, processes));
            }
        }
        visited.len()
    }

    /// Never does a key have two entries with debt, and never are more tokens taken than there are; with `exactly`, all
    /// of them are taken in the end.
    fn admits(&self, exactly: Option<usize>) {
        let buckets = self.buckets();
        let is_over = |processes: &[Process]| processes.iter().all(|process| process.result.is_some());
        let states = self.explore(|machine, processes| {
            for key in [0, 1] {
                let entries = machine.slots.map(Entry::from).into_iter();
                let of_key = entries.filter(|entry| entry.fingerprint == window(key).fingerprint);
                assert!(of_key.filter(|entry| buckets.read(*entry, machine.now).has_debt()).count() <= 1);
            }
            let taken = |process: &&Process| process.result == Some(0) && matches!(process.call, Call::Take(0, _));
            let taken = processes.iter().filter(taken).count();
            let given_back = processes.iter().filter(|process| matches!(process.call, Call::GiveBack(0))).count();
            let refilled = usize::try_from((machine.now - START) * self.capacity / self.period).expect("few");
            let is_reset = processes.iter().any(|process| matches!(process.call, Call::Reset(0)));
            let capacity = usize::try_from(self.capacity).expect("few");
            assert!(taken <= (capacity + refilled + given_back) * (1 + usize::from(is_reset)));
            if is_over(processes) && exactly.is_some() {
                assert_eq!(Some(taken), exactly);
            }
        });
        assert!(states > 10, "{states}");
    }
}

fn window(key: u8) -> Window {
    Window::new(Fingerprints::with_key(&HASH_KEY).of(&[key]), 0, 2)
}

/// Let a call make one access.
fn go_on(buckets: &SharedBuckets, machine: &mut Machine, process: &mut Process) {
    if let Call::Wait(time) = process.call {
        machine.now += time;
        process.result = Some(0);
        return;
    }
    let shared = RefCell::new(machine.clone());
    let seen = RefCell::new(process.seen.clone());
    let is_take = matches!(process.call, Call::Take(..));
    let continued = Continued { machine: &shared, seen, read: Cell::new(0), may_go_on: Cell::new(true), is_take };
    let result = catch_unwind(AssertUnwindSafe(|| match process.call {
        Call::Take(key, cost) => buckets.take(&continued, &[key], &continued, cost),
        Call::GiveBack(key) => {
            buckets.give_back(&continued, &[key], &continued, 1);
            0
        }
        Call::Reset(key) => {
            buckets.reset(&continued, &[key]);
            0
        }
        Call::Wait(_) => unreachable!("it is no call of the buckets"),
    }));
    process.seen = continued.seen.take();
    *machine = shared.into_inner();
    match result {
        Ok(result) => {
            process.result = Some(result);
            process.seen.clear();
        }
        Err(stopped) if stopped.is::<Stopped>() => {}
        Err(panic) => resume_unwind(panic),
    }
}

const TAKE: Call = Call::Take(0, 1);
const OF_ANOTHER_KEY: Call = Call::Take(1, 1);

/// A full bucket of key 0 that had debt before.
fn was_used() -> u128 {
    Entry { fingerprint: window(0).fingerprint, arrival: START - SECOND }.into()
}

/// What a killed process leaves.
fn claimed(number: u64) -> u128 {
    Entry::claim(window(0).fingerprint, 1_000 + number).into()
}

#[test]
fn calls_at_once_take_each_token_once() {
    Case::new(1, &[TAKE; 2]).admits(Some(1));
    Case::new(2, &[TAKE; 2]).admits(Some(2));
    Case::new(2, &[TAKE, Call::Take(0, 2)]).admits(None);
    Case { open: vec![0; 3], ..Case::new(1, &[TAKE; 2]) }.admits(Some(1));
    Case::new(1, &[TAKE; 3]).admits(Some(1));
    Case::new(2, &[TAKE; 3]).admits(Some(2));
}

#[test]
fn entries_that_others_left_are_used_or_removed() {
    for open in [
        vec![was_used(), 0],
        vec![0, was_used()],
        vec![claimed(1), claimed(2)],
        vec![claimed(1), was_used()],
        vec![was_used(), claimed(1)],
        vec![0, claimed(1), was_used()],
    ] {
        Case { open, ..Case::new(1, &[TAKE; 2]) }.admits(Some(1));
    }
    Case { open: vec![0, was_used()], ..Case::new(1, &[TAKE; 3]) }.admits(Some(1));
    Case { open: vec![claimed(1), claimed(2)], ..Case::new(2, &[TAKE; 3]) }.admits(Some(2));
}

#[test]
fn another_key_takes_over_idle_slots_only() {
    Case::new(1, &[TAKE, TAKE, OF_ANOTHER_KEY]).admits(Some(1));
    Case { open: vec![claimed(1), was_used()], ..Case::new(1, &[TAKE, TAKE, OF_ANOTHER_KEY]) }.admits(Some(1));
}

#[test]
fn slot_of_another_key_becomes_idle_while_calls_run() {
    let of_another_key = Entry { fingerprint: window(1).fingerprint, arrival: START + SECOND }.into();
    for open in [vec![of_another_key, 0], vec![of_another_key, was_used()], vec![of_another_key, claimed(1)]] {
        Case { open, ..Case::new(1, &[TAKE, TAKE, Call::Reset(1)]) }.admits(Some(1));
    }
}

#[test]
fn no_more_is_taken_than_is_refilled_while_calls_run() {
    for step in [1, SECOND / 2, SECOND, 3 * SECOND] {
        Case::new(1, &[TAKE, TAKE, Call::Wait(step)]).admits(None);
        Case::new(2, &[TAKE, Call::Take(0, 2), Call::Wait(step)]).admits(None);
        Case { open: vec![was_used(), 0], ..Case::new(1, &[TAKE, TAKE, Call::Wait(step), Call::Wait(step)]) }
            .admits(None);
    }
}

#[test]
fn bucket_that_another_key_removed_is_not_full_before_its_time() {
    let full_at = START + SECOND / 2;
    let with_debt = Entry { fingerprint: window(0).fingerprint, arrival: full_at }.into();
    for open in [vec![with_debt, 0], vec![claimed(1), with_debt], vec![0, with_debt]] {
        for calls in [[TAKE, OF_ANOTHER_KEY], [TAKE, TAKE]] {
            let calls = [&calls[..], &[Call::Wait(SECOND / 4), Call::Wait(SECOND)]].concat();
            Case { open: open.clone(), ..Case::new(1, &calls) }.explore(|machine, processes| {
                let entries = machine.slots.map(Entry::from).into_iter();
                let mut of_key = entries.filter(|entry| entry.fingerprint == window(0).fingerprint);
                if processes.iter().any(|process| process.call == TAKE && process.result == Some(0)) {
                    assert!(of_key.any(|entry| (full_at + SECOND..START + 10 * SECOND).contains(&entry.arrival)));
                }
            });
        }
    }
}

#[test]
fn tokens_may_be_given_back_and_buckets_reset_while_calls_run() {
    Case::new(1, &[TAKE, TAKE, Call::GiveBack(0)]).admits(None);
    Case::new(2, &[TAKE, Call::GiveBack(0), Call::Wait(SECOND)]).admits(None);
    Case::new(1, &[TAKE, TAKE, Call::Reset(0)]).admits(None);
    Case { open: vec![was_used(), claimed(1)], ..Case::new(1, &[TAKE, TAKE, Call::Reset(0)]) }.admits(None);
}
