//! Expected lines against printed ones, with room for what differs every time.
//!
//! `[..]` inside a line is any text; `...` alone on a line is any number of lines.

/// Where one expected line, or one printed line, found its place. The fields are indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Same {
        expected: usize,
        actual: usize,
    },
    /// `...`, and how many lines from `first` it stands for.
    Any {
        expected: usize,
        first: usize,
        count: usize,
    },
    Missing {
        expected: usize,
    },
    Extra {
        actual: usize,
    },
}

impl Step {
    pub(super) fn is_match(&self) -> bool {
        matches!(self, Self::Same { .. } | Self::Any { .. })
    }
}

/// The way through both with the fewest lines missing and extra. They match when there are none.
pub(super) fn align(expected: &[String], actual: &[String]) -> Vec<Step> {
    let costs = Costs::new(expected, actual);
    let mut steps = Vec::new();
    let (mut e, mut a) = (0, 0);
    while e < expected.len() || a < actual.len() {
        let here = costs.get(e, a);
        let line = expected.get(e);
        if line.is_some_and(|line| line == ANY_LINES) {
            let first = a;
            while a < actual.len() && costs.get(e, a) != costs.get(e + 1, a) {
                a += 1;
            }
            steps.push(Step::Any { expected: e, first, count: a - first });
            e += 1;
        } else if costs.is_same(e, a) && here == costs.get(e + 1, a + 1) {
            steps.push(Step::Same { expected: e, actual: a });
            (e, a) = (e + 1, a + 1);
        } else if line.is_some() && here == costs.get(e + 1, a) + 1 {
            steps.push(Step::Missing { expected: e });
            e += 1;
        } else {
            steps.push(Step::Extra { actual: a });
            a += 1;
        }
    }
    steps
}

/// A `...` beside a line that is gone would swallow what took its place.
pub(super) fn lost_its_place(steps: &[Step], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| steps.get(at));
    let after = steps.get(at + 1);
    [before, after].into_iter().flatten().any(|step| matches!(step, Step::Missing { .. }))
}

const ANY_LINES: &str = "...";
const ANY_TEXT: &str = "[..]";

/// How many lines are missing or extra from each pair of places to the end.
struct Costs<'a> {
    expected: &'a [String],
    actual: &'a [String],
    /// One row per expected line and one for the end; one column more than there are printed lines.
    cells: Vec<usize>,
}

impl<'a> Costs<'a> {
    fn new(expected: &'a [String], actual: &'a [String]) -> Self {
        let cells = vec![0; (expected.len() + 1) * (actual.len() + 1)];
        let mut costs = Self { expected, actual, cells };
        for e in (0..=expected.len()).rev() {
            for a in (0..=actual.len()).rev() {
                let cost = costs.lowest(e, a);
                let index = costs.index(e, a);
                if let Some(cell) = costs.cells.get_mut(index) {
                    *cell = cost;
                }
            }
        }
        costs
    }

    fn lowest(&self, e: usize, a: usize) -> usize {
        let extra = (a < self.actual.len()).then(|| self.get(e, a + 1));
        let Some(line) = self.expected.get(e) else {
            return extra.map_or(0, |cost| cost + 1);
        };
        if line == ANY_LINES {
            let none = self.get(e + 1, a);
            return extra.map_or(none, |cost| cost.min(none));
        }
        let mut cost = self.get(e + 1, a) + 1;
        if let Some(extra) = extra {
            cost = cost.min(extra + 1);
        }
        if self.is_same(e, a) {
            cost = cost.min(self.get(e + 1, a + 1));
        }
        cost
    }

    fn is_same(&self, e: usize, a: usize) -> bool {
        match (self.expected.get(e), self.actual.get(a)) {
            (Some(pattern), Some(line)) => line_matches(pattern, line),
            _ => false,
        }
    }

    fn get(&self, e: usize, a: usize) -> usize {
        self.cells.get(self.index(e, a)).copied().unwrap_or(0)
    }

    fn index(&self, e: usize, a: usize) -> usize {
        e * (self.actual.len() + 1) + a
    }
}

/// Whether a printed line is what the expected one says.
fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((first, rest)) = pattern.split_once(ANY_TEXT) else {
        return pattern == line;
    };
    let Some(mut left) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split(ANY_TEXT).collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        let Some(at) = left.find(part) else {
            return false;
        };
        left = left.get(at + part.len()..).unwrap_or("");
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn matches(expected: &str, actual: &str) -> bool {
        align(&lines(expected), &lines(actual)).iter().all(Step::is_match)
    }

    #[test]
    fn a_line_leaves_open_what_it_says() {
        for (pattern, line, expected) in [
            ("took 3 ms", "took 3 ms", true),
            ("took 3 ms", "took 4 ms", false),
            ("took [..] ms", "took 4 ms", true),
            ("took [..] ms", "took 4 s", false),
            ("took [..] ms", "it took 4 ms", false),
            ("[..]", "", true),
            ("[..]: [..] of [..]", "intake: 3 of 4", true),
            ("[..]: [..] of [..]", "intake: 3", false),
            ("a[..]a", "a", false),
            ("a[..]b[..]b", "ab", false),
            ("a[..]b[..]b", "axbb", true),
        ] {
            assert_eq!(line_matches(pattern, line), expected, "{pattern} {line}");
        }
    }

    #[test]
    fn three_dots_are_any_number_of_lines() {
        for (expected, actual, same) in [
            ("", "", true),
            ("a b", "a b", true),
            ("a b", "a", false),
            ("a", "a b", false),
            ("...", "", true),
            ("...", "a b c", true),
            ("a ... z", "a z", true),
            ("a ... z", "a b z z", true),
            ("a ... z", "a b c", false),
            ("... m ... z", "a m b m z", true),
        ] {
            assert_eq!(matches(expected, actual), same, "{expected} | {actual}");
        }
    }

    #[test]
    fn the_difference_is_the_smallest() {
        assert_eq!(
            align(&lines("a b c"), &lines("a x c")),
            [
                Step::Same { expected: 0, actual: 0 },
                Step::Missing { expected: 1 },
                Step::Extra { actual: 1 },
                Step::Same { expected: 2, actual: 2 },
            ]
        );
    }

    #[test]
    fn three_dots_say_which_lines_they_stand_for() {
        let steps = align(&lines("a ... z"), &lines("a b c z"));
        assert_eq!(steps.get(1), Some(&Step::Any { expected: 1, first: 1, count: 2 }));
    }
}
