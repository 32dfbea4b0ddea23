//! Votes under a charter whose partners weigh 35, 35, 7, 6.5, 6.5 and 10 percent: nobody has a majority, no two of the small
//! ones with one big one reach two thirds.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_model::charter::{
    Artefact, Ballot, Charter, Choice, Deadlock, FoundingCharter, Matter, MatterRule, Measure, MemberTerms, Partner,
    Proposal, ProposalHash, Seat, SignedBallot, SignedProposal, WindDown, WindDownWay,
};
use tallystick_model::event::{Event, EventKind, Founding, WindDownRecord};
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_model::signature::SecretKey;
use tallystick_model::staff::{StaffAct, StaffMember, StaffRole, content_of};
use tallystick_model::{DataCategory, SubjectId, Timestamp};
use tallystick_policy::charter::{Government, Standing};

const PARTNERS: [(&str, u8, u16); 6] =
    [("A", 1, 3500), ("B", 2, 3500), ("C", 3, 700), ("D", 4, 650), ("E", 5, 650), ("F", 6, 1000)];

/// Hours from the founding on.
fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_775_000_000_000 + hours * 3_600_000).expect("in range")
}

fn key(code: &str) -> SecretKey {
    let partner = PARTNERS.iter().find(|(known, ..)| *known == code).map(|known| known.1);
    // Of seats and staff the first letter.
    let seed = partner.or_else(|| code.bytes().next()).expect("a code");
    SecretKey::new([seed; 32].into())
}

fn charter() -> Charter {
    let partner = |(code, _, weight_bp): &(&str, u8, u16)| Partner {
        code: (*code).to_owned(),
        name: format!("Partner {code}"),
        key: key(code).public(),
        weight_bp: *weight_bp,
    };
    let seat = |code: &str, vetoes: &[Matter]| Seat {
        code: code.to_owned(),
        name: format!("Seat {code}"),
        key: key(code).public(),
        vetoes: vetoes.to_vec(),
    };
    let rule = |matter: &Matter| MatterRule {
        matter: *matter,
        share_bp: if *matter == Matter::Charter { 6_667 } else { 5_001 },
        quorum_bp: 5_000,
        consent_of: if *matter == Matter::WindDown { vec!["SUPER".to_owned()] } else { Vec::new() },
    };
    Charter {
        partners: PARTNERS.iter().map(partner).collect(),
        seats: vec![seat("SUPER", &[Matter::DataCategory, Matter::WindDown]), seat("PEOPLE", &[])],
        rules: Matter::ALL.iter().map(rule).collect(),
        voting_hours: 100,
        enact_within_hours: 200,
        deadlock: Deadlock::StatusQuo,
    }
}

fn founding(charter: Charter, measures: Vec<Measure>) -> Founding {
    Founding {
        name: "charter.example/log".to_owned(),
        rulebook: "cn 2026.2".to_owned(),
        rulebook_hash: [1; 32],
        verifier_key: "charter.example/log+00000000+key".to_owned(),
        charter: Some(Box::new(FoundingCharter { charter, measures })),
    }
}

/// A government under way; its steps give what the check says, and apply what it lets through.
struct World(Government);

impl World {
    fn under(charter: Charter) -> Self {
        Self(Government::founded(&founding(charter, Vec::new()), at(0)).expect("a charter").expect("governed"))
    }

    fn new() -> Self {
        Self::under(charter())
    }

    fn take(&mut self, event: &Event, hours: i64) -> String {
        match self.0.check(event, at(hours)) {
            Ok(()) => {
                self.0.apply(event, at(hours));
                "ok".to_owned()
            }
            Err(refusal) => refusal.to_string(),
        }
    }

    fn proposal(&self, measure: Measure, effective: i64) -> SignedProposal {
        let (charter, effective_from) = (self.0.id(), at(effective));
        let (proposer, reason) = ("C".to_owned(), "needed".to_owned());
        Proposal { charter, proposer, measure, effective_from, reason }.signed(&key("C"))
    }

    fn propose(&mut self, measure: Measure, hours: i64) -> ProposalHash {
        let signed = self.proposal(measure, hours);
        let hash = signed.proposal.hash();
        assert_eq!(self.take(&Event::DecisionProposed(Box::new(signed)), hours), "ok");
        hash
    }

    fn ballot(&self, proposal: ProposalHash, voter: &str, choice: Choice, turn: u32) -> SignedBallot {
        Ballot { charter: self.0.id(), proposal, voter: voter.to_owned(), choice, turn }.signed(&key(voter))
    }

    fn vote(&mut self, proposal: ProposalHash, voter: &str, choice: Choice, turn: u32, hours: i64) -> String {
        let ballot = self.ballot(proposal, voter, choice, turn);
        self.take(&Event::BallotCast(ballot), hours)
    }

    fn votes(&mut self, proposal: ProposalHash, voters: &str, choice: Choice, hours: i64) {
        for voter in voters.split_whitespace() {
            assert_eq!(self.vote(proposal, voter, choice, 1, hours), "ok", "{voter}");
        }
    }

    /// Standing, ground, and percents in favour, against, abstaining.
    fn stands(&self, proposal: ProposalHash, hours: i64) -> String {
        let motion = self.0.motions().iter().find(|motion| motion.hash == proposal).expect("proposed");
        let verdict = self.0.verdict(motion, at(hours));
        let percent = |bp: u16| format!("{}.{:02}", bp / 100, bp % 100);
        let count = verdict.count;
        let counted = [count.in_favour_bp, count.against_bp, count.abstaining_bp].map(percent).join("/");
        format!("{} {} {counted}", verdict.standing.code(), verdict.ground.code())
    }

    fn enact(&mut self, proposal: ProposalHash, hours: i64) -> String {
        self.take(&Event::DecisionEnacted(proposal), hours)
    }

    /// Proposes, lets these vote in favour and waits for the end of the vote.
    fn decide(&mut self, measure: Measure, hours: i64) -> ProposalHash {
        let heard = matches!(measure.matter(), Matter::DataCategory | Matter::WindDown);
        let hash = self.propose(measure, hours);
        self.votes(hash, if heard { "A B C SUPER" } else { "A B C" }, Choice::For, hours + 1);
        assert_eq!(self.enact(hash, hours + 100), "ok");
        hash
    }
}

fn collect() -> Measure {
    Measure::Collect(DataCategory::Income)
}

fn layout() -> Measure {
    Measure::Accept(Artefact { matter: Matter::Layout, name: "card 1".to_owned(), hash: [4; 32] })
}

/// Matter | in favour | against | abstain | how it stands after 100 hours.
const CASES: &str = "
layout  | A B         |            |         | passed share_in_favour 70.00/0.00/0.00
layout  | A C D       | B F        |         | deadlocked neither_side 48.50/45.00/0.00
layout  | A C D E     | B F        |         | passed share_in_favour 55.00/45.00/0.00
layout  | A           | B          | C D E F | deadlocked neither_side 35.00/35.00/30.00
layout  | A F         |            |         | lapsed quorum_missed 45.00/0.00/0.00
layout  | A C F       |            |         | passed share_in_favour 52.00/0.00/0.00
layout  | A C D       |            | E       | deadlocked neither_side 48.50/0.00/6.50
layout  | A           | B C F      |         | rejected share_against 35.00/52.00/0.00
layout  | C D E F     |            |         | lapsed quorum_missed 30.00/0.00/0.00
collect | A B C D E F | SUPER      |         | vetoed veto 100.00/0.00/0.00
collect | A B         |            | SUPER   | passed share_in_favour 70.00/0.00/0.00
charter | A B         | C D E F    |         | passed share_in_favour 70.00/30.00/0.00
charter | A C D E F   | B          |         | deadlocked neither_side 65.00/35.00/0.00
end     | A B C D E F |            |         | rejected no_consent_of_seat 100.00/0.00/0.00
end     | A B SUPER   |            |         | passed share_in_favour 70.00/0.00/0.00
end     | A B         |            | SUPER   | rejected no_consent_of_seat 70.00/0.00/0.00
";

#[test]
fn the_votes_come_to_what_the_charter_says() {
    for case in CASES.lines().filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = case.split('|').map(str::trim).collect();
        let mut world = World::new();
        let measure = match fields[0] {
            "layout" => layout(),
            "collect" => collect(),
            "charter" => Measure::Amend(Box::new(Charter { voting_hours: 200, ..charter() })),
            _ => end(WindDownWay::Transfer),
        };
        let hash = world.propose(measure, 0);
        world.votes(hash, fields[1], Choice::For, 1);
        world.votes(hash, fields[2], Choice::Against, 2);
        world.votes(hash, fields[3], Choice::Abstain, 3);
        assert_eq!(world.stands(hash, 100), fields[4], "{case}");
        let enacted = world.enact(hash, 100) == "ok";
        assert_eq!(enacted, fields[4].starts_with("passed"), "{case}");
    }
}

fn end(way: WindDownWay) -> Measure {
    Measure::WindDown(Box::new(WindDown {
        way,
        receiver: "Other Bureau".to_owned(),
        notice: "gazette 12".to_owned(),
        no_transfer: None,
        no_hand_over: None,
    }))
}

#[test]
fn neither_big_partner_can_rule_alone_nor_with_any_one_small_one() {
    for big in ["A", "B"] {
        for small in ["C", "D", "E", "F"] {
            let mut world = World::new();
            let hash = world.propose(layout(), 0);
            world.votes(hash, &format!("{big} {small}"), Choice::For, 1);
            let others: Vec<&str> =
                PARTNERS.iter().map(|known| known.0).filter(|code| ![big, small].contains(code)).collect();
            world.votes(hash, &others.join(" "), Choice::Abstain, 1);
            assert!(world.stands(hash, 100).starts_with("deadlocked neither_side"), "{big} {small}");
        }
    }
}

#[test]
fn a_deadlock_ends_as_the_charter_says() {
    let deadlocked = |deadlock| {
        let mut world = World::under(Charter { deadlock, ..charter() });
        let hash = world.propose(layout(), 0);
        world.votes(hash, "A C D", Choice::For, 1);
        world.votes(hash, "B F", Choice::Against, 1);
        (world, hash)
    };
    let (world, hash) = deadlocked(Deadlock::StatusQuo);
    assert_eq!(world.stands(hash, 99), "open voting_goes_on 48.50/45.00/0.00");
    assert_eq!(world.stands(hash, 100), "deadlocked neither_side 48.50/45.00/0.00");

    let casting = || deadlocked(Deadlock::CastingSeat("PEOPLE".to_owned()));
    let (mut world, hash) = casting();
    assert_eq!(world.stands(hash, 100), "deadlocked no_casting_vote_for 48.50/45.00/0.00");
    world.votes(hash, "PEOPLE", Choice::For, 50);
    assert_eq!(world.stands(hash, 100), "passed casting_vote_for 48.50/45.00/0.00");
    let (mut world, hash) = casting();
    world.votes(hash, "PEOPLE", Choice::Against, 50);
    assert_eq!(world.stands(hash, 100), "deadlocked no_casting_vote_for 48.50/45.00/0.00");

    // Votes of the first round stand; whoever thinks again has another hundred hours.
    let (world, hash) = deadlocked(Deadlock::SecondRound(4_800));
    assert_eq!(world.stands(hash, 100), "open second_round 48.50/45.00/0.00");
    assert_eq!(world.stands(hash, 199), "open second_round 48.50/45.00/0.00");
    assert_eq!(world.stands(hash, 200), "passed share_in_favour 48.50/45.00/0.00");
    let (mut world, hash) = deadlocked(Deadlock::SecondRound(4_800));
    assert_eq!(world.vote(hash, "D", Choice::Against, 2, 150), "ok");
    assert_eq!(world.stands(hash, 200), "rejected share_against 42.00/51.50/0.00");
    let (world, hash) = deadlocked(Deadlock::SecondRound(4_900));
    assert_eq!(world.stands(hash, 200), "deadlocked neither_side 48.50/45.00/0.00");
    // A second round never asks for more than the first.
    let (mut world, hash) = deadlocked(Deadlock::SecondRound(9_000));
    world.votes(hash, "E", Choice::For, 150);
    assert_eq!(world.stands(hash, 200), "passed share_in_favour 55.00/45.00/0.00");
}

#[test]
fn a_vote_can_be_changed_until_the_end_and_not_replayed_or_late() {
    let mut world = World::new();
    let hash = world.propose(layout(), 0);
    let first = world.ballot(hash, "A", Choice::For, 1);
    assert_eq!(world.take(&Event::BallotCast(first.clone()), 1), "ok");
    assert_eq!(
        world.take(&Event::BallotCast(first.clone()), 2),
        "`A` has voted in turn 1 already, a changed vote has a later turn; found 1"
    );
    assert_eq!(world.vote(hash, "A", Choice::Against, 3, 2), "ok");
    // The first vote cannot be put back in the place of the second.
    assert_eq!(
        world.take(&Event::BallotCast(first), 3),
        "`A` has voted in turn 3 already, a changed vote has a later turn; found 1"
    );
    world.votes(hash, "B C", Choice::For, 4);
    assert_eq!(world.stands(hash, 5), "open voting_goes_on 42.00/35.00/0.00");
    let over = format!("votes on proposal {hash} ended at {}: it is deadlocked", at(100));
    assert_eq!(world.vote(hash, "F", Choice::For, 1, 100), over);
    assert_eq!(world.vote(hash, "F", Choice::For, 1, 99), "ok", "an instant before the end is in time");
}

#[test]
fn votes_end_when_everyone_who_has_a_say_has_voted() {
    let mut world = World::new();
    let hash = world.propose(collect(), 0);
    world.votes(hash, "A B C D E F", Choice::For, 1);
    assert_eq!(world.stands(hash, 2), "open voting_goes_on 100.00/0.00/0.00", "the supervisor has a veto here");
    world.votes(hash, "SUPER", Choice::Abstain, 3);
    assert_eq!(world.stands(hash, 3), "passed share_in_favour 100.00/0.00/0.00");
    assert!(world.vote(hash, "A", Choice::Against, 2, 3).ends_with("it is passed"));
    assert_eq!(world.enact(hash, 3), "ok");
    assert!(world.0.collected().contains(DataCategory::Income));
}

#[test]
fn only_the_charters_own_keys_sign_and_only_under_this_charter() {
    let mut world = World::new();
    let hash = world.propose(collect(), 0);
    let ballot = |voter: &str| Ballot {
        charter: world.0.id(),
        proposal: hash,
        voter: voter.to_owned(),
        choice: Choice::For,
        turn: 1,
    };
    let check = |ballot: SignedBallot| world.0.check(&Event::BallotCast(ballot), at(1)).map_err(|no| no.to_string());
    // B's name under A's key: with one partner's key nobody votes for another.
    assert_eq!(check(ballot("B").signed(&key("A"))), Err("the signature is not `B`'s".to_owned()));
    let mut tampered = ballot("A").signed(&key("A"));
    tampered.ballot.choice = Choice::Against;
    assert_eq!(check(tampered), Err("the signature is not `A`'s".to_owned()));
    assert_eq!(check(ballot("G").signed(&key("A"))), Err("the charter has no partner or seat `G`".to_owned()));
    assert_eq!(
        check(ballot("PEOPLE").signed(&key("PEOPLE"))),
        Err("seat `PEOPLE` has no say in `data_category`".to_owned())
    );
    let other = ProposalHash([9; 32]);
    let unknown = Ballot { proposal: other, ..ballot("A") };
    assert_eq!(check(unknown.signed(&key("A"))), Err(format!("there is no proposal {other}")));
    let foreign = World::under(Charter { voting_hours: 99, ..charter() }).0.id();
    let signed = foreign;
    assert_eq!(
        check(Ballot { charter: foreign, ..ballot("A") }.signed(&key("A"))),
        Err(format!("it was signed for charter {signed}, and {} is in force here", world.0.id()))
    );
    assert_eq!(check(ballot("A").signed(&key("A"))), Ok(()));

    let mut proposal = world.proposal(collect(), 1);
    proposal.proposal.proposer = "B".to_owned();
    let refused = world.0.check(&Event::DecisionProposed(Box::new(proposal)), at(1));
    assert_eq!(refused.map_err(|no| no.to_string()), Err("the signature is not `B`'s".to_owned()));
    let again = Event::DecisionProposed(Box::new(world.proposal(collect(), 0)));
    assert_eq!(
        world.take(&again, 1),
        format!("proposal {hash} was made before: another one has another date or reason")
    );
}

#[test]
fn enactment_waits_for_the_date_and_does_not_wait_for_ever() {
    let mut world = World::new();
    let signed = world.proposal(collect(), 300);
    let hash = signed.proposal.hash();
    assert_eq!(world.take(&Event::DecisionProposed(Box::new(signed)), 0), "ok");
    world.votes(hash, "A B", Choice::For, 1);
    let open = format!("proposal {hash} is open: votes are taken");
    assert_eq!(world.enact(hash, 99), open);
    assert_eq!(world.enact(hash, 299), format!("proposal {hash} can be enacted from {} on", at(300)));
    assert_eq!(world.stands(hash, 499), "passed share_in_favour 70.00/0.00/0.00");
    assert_eq!(world.stands(hash, 500), "expired not_enacted_in_time 70.00/0.00/0.00");
    let expired = format!("proposal {hash} is expired: it had passed and was not enacted in time");
    assert_eq!(world.enact(hash, 500), expired);
    assert!(!world.0.collected().contains(DataCategory::Income), "what was not enacted holds for nothing");
    assert_eq!(world.enact(hash, 300), "ok");
    assert_eq!(world.stands(hash, 600), "enacted enacted 70.00/0.00/0.00");
    assert_eq!(world.enact(hash, 301), format!("proposal {hash} is enacted: it is in force"));
}

#[test]
fn decisions_never_go_back_in_time() {
    let mut world = World::new();
    let hash = world.propose(collect(), 50);
    let back = format!("it would be earlier than what was recorded at {}: is the clock right?", at(50));
    assert_eq!(world.vote(hash, "A", Choice::For, 1, 49), back);
    let signed = world.proposal(layout(), 0);
    assert_eq!(world.take(&Event::DecisionProposed(Box::new(signed)), 49), back);
}

#[test]
fn what_is_enacted_governs_and_what_is_not_does_not() {
    let mut world = World::new();
    let member = Member {
        number: 1,
        code: "BANK".to_owned(),
        name: "Bank".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Subscriber],
        duty: ConsentDuty::Nothing,
    };
    let terms = MemberTerms {
        code: "BANK".to_owned(),
        name: "Bank".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Subscriber],
        duty: ConsentDuty::Nothing,
    };
    let refused = "no enacted decision admits member `BANK` on these terms (charter, matter `member`)";
    assert_eq!(world.take(&Event::MemberAdmitted(member.clone()), 0), refused);
    world.decide(Measure::Admit(terms), 0);
    let furnisher = Member { roles: vec![MemberRole::Furnisher], ..member.clone() };
    assert_eq!(world.take(&Event::MemberAdmitted(furnisher), 100), refused, "on other terms");
    assert_eq!(world.take(&Event::MemberAdmitted(member.clone()), 100), "ok");
    assert_eq!(world.take(&Event::MemberAdmitted(member), 100), refused, "a decision admits once");

    let accepts =
        |world: &World, hash: u8| world.0.accepts(Matter::Layout, "card 1", &[hash; 32]).map_err(|no| no.code);
    assert_eq!(accepts(&world, 4), Err("layout_not_accepted".to_owned()));
    world.decide(layout(), 200);
    assert_eq!(accepts(&world, 4), Ok(()));
    assert_eq!(accepts(&world, 5), Err("layout_text_not_accepted".to_owned()));
    world.decide(Measure::Retire(Matter::Layout, "card 1".to_owned()), 400);
    assert_eq!(accepts(&world, 4), Err("layout_not_accepted".to_owned()));

    world.decide(collect(), 600);
    let hash = world.propose(collect(), 800);
    world.votes(hash, "A B", Choice::For, 800);
    assert_eq!(world.enact(hash, 900), format!("proposal {hash} changes nothing: `income` is collected already"));
    let hash = world.propose(Measure::Retire(Matter::Rulebook, "cn 2026.2".to_owned()), 900);
    world.votes(hash, "A B", Choice::For, 900);
    let only = "`cn 2026.2` is the only rulebook: another is accepted first";
    assert_eq!(world.enact(hash, 1000), format!("proposal {hash} changes nothing: {only}"));
    world.decide(Measure::CollectNoMore(DataCategory::Income), 1000);
    assert!(!world.0.collected().contains(DataCategory::Income));
}

#[test]
fn an_amended_charter_governs_and_lapses_what_was_open_under_the_old_one() {
    let mut world = World::new();
    let open = world.propose(layout(), 0);
    let old = world.ballot(open, "A", Choice::For, 1);
    let mut amended = charter();
    amended.partners[0].weight_bp = 3_400;
    amended.partners[5].weight_bp = 1_100;
    let before = world.0.id();
    let hash = world.propose(Measure::Amend(Box::new(amended)), 0);
    world.votes(hash, "A B", Choice::For, 1);
    assert_eq!(world.enact(hash, 100), "ok");
    assert_ne!(world.0.id(), before);
    assert_eq!(world.0.charter().partner("A").map(|partner| partner.weight_bp), Some(3_400));
    assert!(world.take(&Event::BallotCast(old), 100).starts_with("it was signed for charter"));
    let mut world = World::new();
    let open = world.propose(layout(), 30);
    let hash = world.propose(Measure::Amend(Box::new(Charter { voting_hours: 500, ..charter() })), 30);
    world.votes(hash, "A B C D E F", Choice::For, 31);
    assert_eq!(world.enact(hash, 40), "ok");
    assert_eq!(world.stands(open, 40), "lapsed charter_amended 0.00/0.00/0.00");
}

#[test]
fn what_was_decided_is_not_counted_anew_under_another_charter() {
    let mut world = World::new();
    let first = world.propose(layout(), 1);
    world.votes(first, "A B C", Choice::For, 2);
    assert_eq!(world.take(&Event::DecisionEnacted(first), 150), "ok");
    let lost = world.propose(collect(), 151);
    world.votes(lost, "A B", Choice::Against, 152);
    let count = |world: &World, hash| {
        let motion = world.0.motions().iter().find(|motion| motion.hash == hash).expect("made").clone();
        let verdict = world.0.verdict(&motion, at(1_000));
        (verdict.standing, verdict.count.in_favour_bp, verdict.count.against_bp, verdict.share_bp)
    };
    let mut other = charter();
    other.partners.iter_mut().zip([500, 500, 7_350, 650, 650, 350]).for_each(|(one, weight)| one.weight_bp = weight);
    other.rules.iter_mut().for_each(|rule| rule.share_bp = 9_000);
    let amended = world.propose(Measure::Amend(Box::new(other)), 300);
    world.votes(amended, "A B C D E F", Choice::For, 301);
    let before = [count(&world, first), count(&world, lost)];
    assert_eq!(world.take(&Event::DecisionEnacted(amended), 450), "ok");
    assert_eq!([count(&world, first), count(&world, lost)], before);
    assert_eq!(before, [(Standing::Enacted, 7_700, 0, 5_001), (Standing::Rejected, 0, 7_000, 5_001)]);
    assert_eq!(count(&world, amended), (Standing::Enacted, 10_000, 0, 6_667));
}

#[test]
fn a_number_or_code_is_given_once_and_a_staff_code_to_one_person() {
    let terms = |code: &str| MemberTerms {
        code: code.to_owned(),
        name: "Bank".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Subscriber],
        duty: ConsentDuty::Nothing,
    };
    let clerk = |name: &str, code: &str| StaffMember {
        code: code.to_owned(),
        name: name.to_owned(),
        role: StaffRole::Operator,
        key: key(code).public(),
    };
    let measures = vec![Measure::Admit(terms("ONE")), Measure::Admit(terms("TWO")), Measure::Enrol(clerk("Wu", "wu"))];
    let government = Government::founded(&founding(charter(), measures), at(0)).expect("a charter").expect("governed");
    let mut world = World(government);
    let member = |number, code: &str| {
        let MemberTerms { code, name, kind, roles, duty } = terms(code);
        Event::MemberAdmitted(Member { number, code, name, kind, roles, duty })
    };
    assert_eq!(world.take(&member(1, "ONE"), 1), "ok");
    assert_eq!(world.take(&member(1, "TWO"), 1), "member 1 or the code `TWO` was admitted before");
    assert_eq!(world.take(&member(2, "TWO"), 1), "ok");
    let proposal = world.propose(Measure::Enrol(clerk("Xu", "wu")), 2);
    world.votes(proposal, "A B C D E F", Choice::For, 2);
    let refused = world.take(&Event::DecisionEnacted(proposal), 200);
    assert!(refused.ends_with("`wu` was another's: the register tells people by their codes"), "{refused}");
}

#[test]
fn a_date_that_the_calendar_does_not_outlast_is_no_effective_date() {
    let mut world = World::new();
    let mut proposal = world.proposal(collect(), 1).proposal;
    proposal.effective_from = Timestamp::parse("9999-12-01").expect("a date");
    let refused = world.take(&Event::DecisionProposed(Box::new(proposal.signed(&key("C")))), 1);
    assert_eq!(refused, "the effective date of a proposal is too near the calendar's end");
}

#[test]
fn a_bureau_is_founded_with_what_its_charter_says_and_nothing_that_takes_a_vote() {
    let found =
        |measures| Government::founded(&founding(charter(), measures), at(0)).map_err(|fault| fault.to_string());
    let government = found(vec![collect(), layout()]).expect("founded").expect("governed");
    assert_eq!(government.collected().iter().collect::<Vec<_>>(), [DataCategory::Income]);
    let accepted: Vec<String> = government.accepted().map(|artefact| artefact.name).collect();
    assert_eq!(accepted, ["cn 2026.2", "card 1"]);
    let refused = "a bureau is not founded with a measure of the matter `charter`";
    assert_eq!(found(vec![Measure::Amend(Box::new(charter()))]).err(), Some(refused.to_owned()));
    let idle = "a measure of the founding changes nothing: `income` is collected already";
    assert_eq!(found(vec![collect(), collect()]).err(), Some(idle.to_owned()));
    let mut alone = founding(charter(), Vec::new());
    alone.charter = None;
    assert_eq!(Government::founded(&alone, at(0)), Ok(None));
}

#[test]
fn staff_sign_for_what_their_role_does() {
    let staff = |code: &str, role| StaffMember {
        code: code.to_owned(),
        name: format!("Clerk {code}"),
        role,
        key: key(code).public(),
    };
    let mut world = World::new();
    let act = |world: &World, code: &str, signer: &str, kind| {
        let content = content_of(&Event::FreezeLifted(SubjectId([3; 16])));
        let (charter, staff, subject) = (world.0.id(), code.to_owned(), SubjectId([3; 16]));
        let reason = "the subject asked".to_owned();
        let act = StaffAct { charter, staff, kind, subject, content, reason, at: at(0), place: 9 };
        Event::StaffActed(Box::new(act.signed(&key(signer))))
    };
    assert!(!world.0.has_staff());
    let lift = act(&world, "wu", "wu", EventKind::FreezeLifted);
    assert_eq!(world.take(&lift, 0), "no member of staff `wu` is enrolled");
    world.decide(Measure::Enrol(staff("wu", StaffRole::DisputesClerk)), 0);
    assert_eq!(world.take(&lift, 200), "ok");
    let forged = act(&world, "wu", "zhao", EventKind::FreezeLifted);
    assert_eq!(world.take(&forged, 200), "the signature is not `wu`'s");
    let beyond = act(&world, "wu", "wu", EventKind::DeliveryAdmitted);
    assert_eq!(world.take(&beyond, 200), "`wu` is disputes_clerk: `delivery_admitted` is not for that role");
    let hash =
        world.propose(Measure::Enrol(StaffMember { code: "wu2".to_owned(), ..staff("wu", StaffRole::Operator) }), 200);
    world.votes(hash, "A B", Choice::For, 200);
    assert!(world.enact(hash, 300).ends_with("the key of `wu2` is another's: each signs with a key of its own"));
    world.decide(Measure::Dismiss("wu".to_owned()), 300);
    assert_eq!(world.take(&lift, 400), "no member of staff `wu` is enrolled");
}

#[test]
fn a_bureau_ends_by_decision_and_records_nothing_after() {
    let mut world = World::new();
    let Measure::WindDown(transfer) = end(WindDownWay::Transfer) else { unreachable!("made above") };
    let record = |proposal, end: &WindDown| {
        let (end, root) = (end.clone(), [0; 32]);
        Event::BureauWoundDown(Box::new(WindDownRecord { proposal, end, entries: 3, root, facts: 0, subjects: 0 }))
    };
    let undecided = "no enacted decision ends the bureau this way (charter, matter `wind_down`)";
    assert_eq!(world.take(&record(ProposalHash([0; 32]), &transfer), 0), undecided);
    let hash = world.decide(Measure::WindDown(transfer.clone()), 0);
    let other = WindDown { receiver: "Mine".to_owned(), ..(*transfer).clone() };
    assert_eq!(world.take(&record(hash, &other), 100), undecided, "to another receiver");
    assert_eq!(world.take(&record(hash, &transfer), 100), "ok");
    let ended = format!("the bureau was wound down at {}: nothing is recorded after that", at(100));
    assert_eq!(world.take(&Event::FreezeLifted(SubjectId([3; 16])), 101), ended);
    assert_eq!(
        world.0.motions().first().map(|motion| world.0.verdict(motion, at(100)).standing),
        Some(Standing::Enacted)
    );
}
