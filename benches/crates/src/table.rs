//! A table of candidates for one job: nanoseconds of each, and the ratio to the best.

use std::fmt::Debug;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(4);

pub struct Table<'a, I: ?Sized, A> {
    title: String,
    input: &'a I,
    /// How many times a candidate does the job in one call.
    jobs: u32,
    is_right: Box<dyn Fn(&A) -> bool + 'a>,
    candidates: Vec<Candidate<'a>>,
}

struct Candidate<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u32) + 'a>,
}

impl<'a, I: ?Sized, A: PartialEq + Debug + 'a> Table<'a, I, A> {
    /// Of `candidates` that must all answer `right`.
    pub fn new(title: impl Into<String>, input: &'a I, right: A) -> Self {
        Self::checked(title, input, move |answer| *answer == right)
    }

    /// Of candidates whose answers may differ, but must be `is_right`.
    pub fn checked(title: impl Into<String>, input: &'a I, is_right: impl Fn(&A) -> bool + 'a) -> Self {
        let title = title.into();
        Self { title, input, jobs: 1, is_right: Box::new(is_right), candidates: Vec::new() }
    }

    pub fn jobs_per_call(mut self, jobs: u32) -> Self {
        self.jobs = jobs;
        self
    }

    pub fn add(mut self, name: &'static str, mut job: impl FnMut(&I) -> A + 'a) -> Self {
        let input = self.input;
        let answer = job(input);
        assert!((self.is_right)(&answer), "{}: {name} answered {answer:?}", self.title);
        let run = Box::new(move |times| {
            for _ in 0..times {
                black_box(job(black_box(input)));
            }
        });
        self.candidates.push(Candidate { name, run });
        self
    }

    /// Time all candidates in turn, round after round, so that the noise of a machine hits all of them. What noise adds is
    /// never less than nothing, so that the ratios are those of the least times.
    #[allow(clippy::print_stdout)]
    pub fn print(mut self) {
        let times: Vec<u32> = self.candidates.iter_mut().map(Candidate::calls_in_a_round).collect();
        let mut rounds = vec![Vec::with_capacity(ROUNDS); self.candidates.len()];
        for _ in 0..ROUNDS {
            for ((candidate, times), rounds) in self.candidates.iter_mut().zip(&times).zip(&mut rounds) {
                rounds.push(candidate.time(*times).as_secs_f64() * 1e9 / f64::from(*times * self.jobs));
            }
        }
        for rounds in &mut rounds {
            rounds.sort_by(f64::total_cmp);
        }
        let best = rounds.iter().map(|rounds| rounds[0]).fold(f64::INFINITY, f64::min);
        println!("\n| {} | least ns | to the best | median ns |\n|---|---:|---:|---:|", self.title);
        for (candidate, rounds) in self.candidates.iter().zip(&rounds) {
            let (least, median) = (rounds[0], rounds[ROUNDS / 2]);
            println!("| {} | {least:.1} | {:.2} | {median:.1} |", candidate.name, least / best);
        }
    }
}

impl Candidate<'_> {
    fn time(&mut self, times: u32) -> Duration {
        let start = Instant::now();
        (self.run)(times);
        start.elapsed()
    }

    fn calls_in_a_round(&mut self) -> u32 {
        let mut times = 1;
        while self.time(times) < ROUND {
            times *= 2;
        }
        times
    }
}
