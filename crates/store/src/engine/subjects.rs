//! All facts of a shard, subject by subject, whatever runs they lie in.

use std::sync::Arc;

use tallystick_model::SubjectId;
use tallystick_model::packed_facts::Packer;

use super::run_file::{BlockValue, RunScan};
use super::runs::Run;
use super::{Engine, EngineError, Slice, Space};

/// What is said of a subject in one place, packed.
#[derive(Clone, Debug)]
pub enum Value {
    /// In a run.
    InRun(BlockValue),
    /// In a pair of its own.
    Recent(Slice),
}

impl std::ops::Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InRun(value) => value.bytes(),
            Self::Recent(value) => value,
        }
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Goes through several sources in the order of subjects.
pub struct Subjects {
    sources: Vec<Source>,
}

/// Pairs that are in no run.
type Recent = Box<dyn Iterator<Item = Result<(Slice, Slice), EngineError>>>;

enum Pairs {
    Run(RunScan),
    Recent(Recent),
}

impl Pairs {
    fn next(&mut self) -> Result<Option<(SubjectId, Value)>, EngineError> {
        match self {
            Self::Run(scan) => Ok(scan.next()?.map(|(subject, value)| (subject, Value::InRun(value)))),
            Self::Recent(pairs) => {
                let Some((key, value)) = pairs.next().transpose()? else { return Ok(None) };
                let subject = key.first_chunk::<16>().map(|subject| SubjectId(*subject));
                let subject = subject.ok_or_else(|| EngineError::Damaged("facts: a key is no subject's".to_owned()))?;
                Ok(Some((subject, Value::Recent(value))))
            }
        }
    }
}

struct Source {
    pairs: Pairs,
    ahead: Option<(SubjectId, Value)>,
}

impl Source {
    fn begin(mut pairs: Pairs) -> Result<Self, EngineError> {
        let ahead = pairs.next()?;
        Ok(Self { pairs, ahead })
    }

    fn advance(&mut self) -> Result<Option<Value>, EngineError> {
        let next = self.pairs.next()?;
        Ok(std::mem::replace(&mut self.ahead, next).map(|(_, value)| value))
    }
}

impl Subjects {
    /// The next subject; `values` gets what is said of it, packed, a value from each place.
    pub fn next(&mut self, values: &mut Vec<Value>) -> Result<Option<SubjectId>, EngineError> {
        values.clear();
        let first = self.sources.iter().filter_map(|source| source.ahead.as_ref()).map(|(subject, _)| *subject).min();
        let Some(first) = first else { return Ok(None) };
        for source in &mut self.sources {
            while source.ahead.as_ref().is_some_and(|(subject, _)| *subject == first) {
                values.extend(source.advance()?);
            }
        }
        Ok(Some(first))
    }
}

impl Engine {
    /// Everything said of the subjects of a shard, in `runs` and in the pairs that are in none.
    pub fn subjects(&self, shard: usize, runs: &[Arc<Run>]) -> Result<Subjects, EngineError> {
        let first = u8::try_from(shard).unwrap_or_default() << 5;
        let (begin, end) = ([first].to_vec(), [first | 0x1f].iter().copied().chain([0xff; 24]).collect::<Vec<u8>>());
        let recent: Recent = Box::new(
            self.space(Space::Facts).range(begin..=end).map(|guard| guard.into_inner().map_err(EngineError::from)),
        );
        let mut sources = vec![Source::begin(Pairs::Recent(recent))?];
        for run in runs {
            sources.push(Source::begin(Pairs::Run(run.scan()))?);
        }
        Ok(Subjects { sources })
    }

    /// Writes one run of what `runs`, all of one shard, hold. `merge` appends what is said of a subject, put together and packed, and
    /// tells whether anything is left. `None` if nothing is of anyone.
    pub fn merge_runs<E: From<EngineError>>(
        &self,
        shard: usize,
        runs: &[Arc<Run>],
        mut merge: impl FnMut(SubjectId, &[Value], &mut Packer, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<Option<Arc<Run>>, E> {
        let sources = runs.iter().map(|run| Source::begin(Pairs::Run(run.scan()))).collect::<Result<_, _>>()?;
        let (mut subjects, mut values, mut packer) = (Subjects { sources }, Vec::new(), Packer::default());
        self.runs.write(shard, |value| {
            let before = value.len();
            while let Some(subject) = subjects.next(&mut values)? {
                if merge(subject, &values, &mut packer, value)? {
                    return Ok(Some(subject));
                }
                value.truncate(before);
            }
            Ok(None)
        })
    }
}
