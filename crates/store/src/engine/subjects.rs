//! All facts of a shard, subject by subject, whatever runs they lie in.

use std::sync::Arc;

use tallystick_model::SubjectId;
use tallystick_model::packed_facts::Packer;

use super::runs::{Run, Scan};
use super::{Engine, EngineError, Slice, Space};

/// Goes through several sources in the order of subjects.
pub struct Subjects {
    sources: Vec<Source>,
}

struct Source {
    pairs: Scan,
    ahead: Option<(SubjectId, Slice)>,
}

impl Source {
    fn begin(pairs: Scan) -> Result<Self, EngineError> {
        let mut source = Self { pairs, ahead: None };
        source.advance()?;
        Ok(source)
    }

    fn advance(&mut self) -> Result<Option<Slice>, EngineError> {
        let next = match self.pairs.next().transpose()? {
            None => None,
            Some((key, value)) => {
                let subject = key.first_chunk::<16>().map(|subject| SubjectId(*subject));
                let subject = subject.ok_or_else(|| EngineError::Damaged("facts: a key is no subject's".to_owned()))?;
                Some((subject, value))
            }
        };
        Ok(std::mem::replace(&mut self.ahead, next).map(|(_, value)| value))
    }
}

impl Subjects {
    /// The next subject; `values` gets what is said of it, packed, a value from each place.
    pub fn next(&mut self, values: &mut Vec<Slice>) -> Result<Option<SubjectId>, EngineError> {
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
        let recent: Scan = Box::new(
            self.space(Space::Facts).range(begin..=end).map(|guard| guard.into_inner().map_err(EngineError::from)),
        );
        let mut sources = vec![Source::begin(recent)?];
        for run in runs {
            sources.push(Source::begin(run.scan()?)?);
        }
        Ok(Subjects { sources })
    }

    /// Writes one run of what `runs`, all of one shard, hold. `merge` puts what is said of a subject together, packed, and tells whether
    /// anything is left. `None` if nothing is of anyone.
    pub fn merge_runs<E: From<EngineError>>(
        &self,
        shard: usize,
        runs: &[Arc<Run>],
        mut merge: impl FnMut(SubjectId, &[Slice], &mut Packer, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<Option<Arc<Run>>, E> {
        let sources = runs.iter().map(|run| Source::begin(run.scan()?)).collect::<Result<_, _>>()?;
        let (mut subjects, mut values, mut packer) = (Subjects { sources }, Vec::new(), Packer::default());
        self.runs.write(shard, |key, value| {
            loop {
                let Some(subject) = subjects.next(&mut values)? else { return Ok(false) };
                key.clear();
                key.extend_from_slice(&subject.0);
                value.clear();
                if merge(subject, &values, &mut packer, value)? {
                    return Ok(true);
                }
            }
        })
    }
}
