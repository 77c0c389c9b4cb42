//! Who carries which fault: every member pair has one part to play, the same in every period, and
//! a pair that carries a fault carries no other, so that faults cannot meet.

/// A fault, by its discrepancy code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Mbr01,
    Mbr02,
    Mbr03,
    Mbr04,
    Mbr07,
    Con01,
    Con02,
    Tir01,
    Tir02,
    Tir03,
    Evt01,
    Evt02,
    Evt03,
    Evt04,
    Evt06,
    Evt07,
    Evt08,
    Evt09,
    Evt10,
    Amt01,
    Amt02,
    Amt03,
    Amt04,
    Amt07,
    Rev01,
    Rev02,
    Rev03,
    Led01,
    Led02,
    Fil06,
}

/// Every fault with its code and the number of its variants, members' faults before events'.
const FAULTS: [(Fault, &str, u8); 30] = [
    (Fault::Mbr01, "MBR-01", 1),
    (Fault::Mbr02, "MBR-02", 1),
    (Fault::Mbr03, "MBR-03", 2),
    (Fault::Mbr04, "MBR-04", 2),
    (Fault::Mbr07, "MBR-07", 10),
    (Fault::Con01, "CON-01", 2),
    (Fault::Con02, "CON-02", 1),
    (Fault::Tir01, "TIR-01", 1),
    (Fault::Tir02, "TIR-02", 1),
    (Fault::Tir03, "TIR-03", 1),
    (Fault::Led01, "LED-01", 4),
    (Fault::Led02, "LED-02", 2),
    (Fault::Evt01, "EVT-01", 1),
    (Fault::Evt02, "EVT-02", 2),
    (Fault::Evt03, "EVT-03", 4),
    (Fault::Evt04, "EVT-04", 2),
    (Fault::Evt06, "EVT-06", 1),
    (Fault::Evt07, "EVT-07", 2),
    (Fault::Evt08, "EVT-08", 3),
    (Fault::Evt09, "EVT-09", 4),
    (Fault::Evt10, "EVT-10", 3),
    (Fault::Amt01, "AMT-01", 3),
    (Fault::Amt02, "AMT-02", 2),
    (Fault::Amt03, "AMT-03", 1),
    (Fault::Amt04, "AMT-04", 1),
    (Fault::Rev01, "REV-01", 3),
    (Fault::Rev02, "REV-02", 1),
    (Fault::Rev03, "REV-03", 2),
    (Fault::Fil06, "FIL-06", 2),
    (Fault::Amt07, "AMT-07", 1),
];

/// How many of `FAULTS` are faults of members and their accounts.
const MEMBER_FAULTS: usize = 12;

/// The codes of all faults, in ascending order.
pub(super) fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&str> = FAULTS.iter().map(|&(_, code, _)| code).collect();
    codes.sort_unstable();
    codes
}

impl Fault {
    /// The discrepancy code.
    pub fn code(self) -> &'static str {
        FAULTS.iter().find(|(fault, ..)| *fault == self).map_or("", |(_, code, _)| code)
    }
}

/// The part that a member pair plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Linked and in order.
    Plain,
    /// Two members who are not linked to each other; business at home only.
    Loose,
    /// The second pair of an MBR-03: one of its members is bound to the pair before.
    Entangled {
        /// Which member: A's where set, B's otherwise.
        a: bool,
    },
    /// Carries that fault in that variant.
    Faulty(Fault, u8),
}

/// Smallest sizes at which every fault finds a carrier of its own.
pub(super) const MEMBERS_MIN: u64 = 120;
/// See [`MEMBERS_MIN`].
pub(super) const EVENTS_MIN: u64 = 600;

/// Deals out parts.
#[derive(Debug)]
pub(super) struct Census {
    members: u64,
    seed: u64,
    ppm: u64,
    /// Faults of members and their accounts that may be dealt.
    of_members: Vec<(Fault, u8)>,
    /// Faults of events that may be dealt.
    of_events: Vec<(Fault, u8)>,
    /// Faults with variant that must each have a carrier, spread evenly over the members.
    promised: Vec<(Fault, u8)>,
    /// The part dealt before, on which an MBR-03 draws.
    before: Option<Part>,
}

impl Census {
    /// Deals for a number of members with faults in parts per million; `codes` are the only ones
    /// that may be dealt, where any are named.
    pub fn new(
        members: u64,
        events: u64,
        seed: u64,
        ppm: u32,
        refused: bool,
        blocking: bool,
        codes: &[&str],
    ) -> Census {
        let open = |faults: &[(Fault, &str, u8)]| -> Vec<(Fault, u8)> {
            let allowed = faults.iter().filter(|(fault, code, _)| match fault {
                _ if !codes.is_empty() && !codes.contains(code) => false,
                Fault::Fil06 => refused,
                Fault::Amt07 => blocking,
                _ => true,
            });
            allowed.map(|&(fault, _, variants)| (fault, variants)).collect()
        };
        let (of_members, of_events) = FAULTS.split_at(MEMBER_FAULTS);
        let (of_members, of_events) = (open(of_members), open(of_events));
        let mut promised = Vec::new();
        if ppm > 0 && members >= MEMBERS_MIN && events >= EVENTS_MIN {
            let every = members >= 2_000 && events >= 10_000;
            for (index, &(fault, variants)) in of_members.iter().chain(&of_events).enumerate() {
                let chosen = mix(seed, index as u64, 1) % u64::from(variants);
                let all = 0..variants;
                promised.extend(
                    all.filter(|variant| every || u64::from(*variant) == chosen)
                        .map(|variant| (fault, variant)),
                );
            }
        }
        Census { members, seed, ppm: u64::from(ppm), of_members, of_events, promised, before: None }
    }

    /// The part of the next member pair; `index` counts up from zero.
    pub fn part(&mut self, index: u64) -> Part {
        let mut part = match self.before {
            Some(Part::Faulty(Fault::Mbr03, variant)) => Part::Entangled { a: variant == 1 },
            _ => self.dealt(index),
        };
        if matches!(part, Part::Faulty(Fault::Mbr03, _)) && index + 1 >= self.members {
            part = Part::Plain;
        }
        self.before = Some(part);
        part
    }

    fn dealt(&self, index: u64) -> Part {
        if let Some((fault, variant)) = self.promised(index) {
            return Part::Faulty(fault, variant);
        }
        let draw = mix(self.seed, index, 2);
        let (low, high) = (draw % 1_000_000, draw / 1_000_000 % 1_000_000);
        let pick = mix(self.seed, index, 3);
        let chosen = if low < self.ppm {
            self.of_members.get(pick as usize % self.of_members.len().max(1))
        } else if high < self.ppm {
            self.of_events.get(pick as usize % self.of_events.len().max(1))
        } else {
            None
        };
        match chosen {
            // It would draw the next pair in, which is promised to another fault.
            Some((Fault::Mbr03, _)) if self.promised(index + 1).is_some() => Part::Plain,
            Some(&(fault, variants)) => {
                Part::Faulty(fault, (mix(self.seed, index, 4) % u64::from(variants)) as u8)
            }
            None if mix(self.seed, index, 5).is_multiple_of(12) => Part::Loose,
            None => Part::Plain,
        }
    }

    /// The fault that a pair is promised to. Strides are at least two, so that the pair after an
    /// MBR-03 is promised to nobody.
    fn promised(&self, index: u64) -> Option<(Fault, u8)> {
        let stride = self.members.checked_div(self.promised.len() as u64)?;
        let turn = usize::try_from(index / stride).ok()?;
        (index % stride == stride / 2).then(|| self.promised.get(turn).copied()).flatten()
    }
}

/// A number that depends on all three and looks like none of them (splitmix64's finaliser).
pub(super) fn mix(seed: u64, index: u64, purpose: u64) -> u64 {
    let mut word = seed
        .wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
    for _ in 0..2 {
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
    }
    word
}
