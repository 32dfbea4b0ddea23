//! Group commit: what threads commit at the same time shares one batch, one checkpoint and one wait for the disk.
//!
//! Whoever comes while nobody is committing leads: it commits all that waits, tells each its result, and hands on to the
//! first of those that have come meanwhile. Nobody waits for a clock; the more come at once, the larger the groups.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tallystick_model::Timestamp;

use crate::commit::{Act, Committed};
use crate::engine::EngineError;
use crate::store::{StoreError, lock};

/// Submissions in one group at most: a group's batch is held in memory.
const GROUP_MAX: usize = 1024;

/// Acts that become durable together, and where their result is waited for.
#[derive(Debug)]
pub struct Submission {
    pub(crate) acts: Vec<Act>,
    pub(crate) at: Timestamp,
    ticket: Arc<Ticket>,
}

impl Submission {
    pub(crate) fn new(acts: Vec<Act>, at: Timestamp) -> Self {
        Self { acts, at, ticket: Arc::default() }
    }

    /// Tells the submitter what came of it.
    pub(crate) fn finish(self, result: Result<Vec<Committed>, StoreError>) {
        self.ticket.turn(Turn::Done(result));
    }
}

impl Drop for Submission {
    /// A submission whose group came to nothing, by a panic: nobody may wait for ever, and nobody knows what the disk has.
    fn drop(&mut self) {
        let mut turn = lock(&self.ticket.turn);
        if !matches!(*turn, Turn::Done(_) | Turn::Taken) {
            *turn = Turn::Done(Err(EngineError::Poisoned.into()));
            self.ticket.turned.notify_one();
        }
    }
}

/// Where one submitter waits.
#[derive(Debug, Default)]
struct Ticket {
    turn: Mutex<Turn>,
    turned: Condvar,
}

#[derive(Debug, Default)]
enum Turn {
    #[default]
    Waiting,
    /// It is the submitter's turn to lead.
    Lead,
    Done(Result<Vec<Committed>, StoreError>),
    /// The result was fetched.
    Taken,
}

impl Ticket {
    fn turn(&self, to: Turn) {
        *lock(&self.turn) = to;
        self.turned.notify_one();
    }

    /// Waits for the result, or for the turn to lead: then `None`.
    fn wait(&self) -> Option<Result<Vec<Committed>, StoreError>> {
        let mut turn = lock(&self.turn);
        loop {
            match std::mem::replace(&mut *turn, Turn::Taken) {
                Turn::Waiting => *turn = Turn::Waiting,
                Turn::Lead => {
                    *turn = Turn::Waiting;
                    return None;
                }
                Turn::Done(result) => return Some(result),
                Turn::Taken => return Some(Err(EngineError::Poisoned.into())),
            }
            turn = self.turned.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Who waits to commit.
#[derive(Debug, Default)]
pub struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    submissions: Vec<Submission>,
    is_led: bool,
}

impl Queue {
    /// Waits until `submission` is committed, by this thread with `commit` or by another.
    pub(crate) fn submit(
        &self,
        submission: Submission,
        commit: impl FnOnce(Vec<Submission>),
    ) -> Result<Vec<Committed>, StoreError> {
        let ticket = Arc::clone(&submission.ticket);
        let leads = {
            let mut waiting = lock(&self.0);
            waiting.submissions.push(submission);
            !std::mem::replace(&mut waiting.is_led, true)
        };
        if !leads && let Some(result) = ticket.wait() {
            return result;
        }
        let _hand_on = HandOn(self);
        let group = {
            let mut waiting = lock(&self.0);
            let count = waiting.submissions.len().min(GROUP_MAX);
            // Its own is the first: whoever is told to lead has waited longest.
            waiting.submissions.drain(..count).collect()
        };
        commit(group);
        ticket.wait().unwrap_or_else(|| Err(EngineError::Poisoned.into()))
    }
}

/// Lets the next one lead when it goes, by a panic too.
struct HandOn<'a>(&'a Queue);

impl Drop for HandOn<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.0.0);
        match waiting.submissions.first() {
            Some(next) => next.ticket.turn(Turn::Lead),
            None => waiting.is_led = false,
        }
    }
}
