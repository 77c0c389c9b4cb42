//! Faults of events: each function writes one instance, and exactly what a run must find of it.

use crate::value::kind::{Flow, Kind, Status};
use crate::value::party::Party;

use super::GenerateError;
use super::calendar::{DAY, HOUR, Second};
use super::census::Fault;
use super::flows::{Draft, Life, Pair, ratio_at, ratios};
use super::ledger::Row;
use super::life::{Quota, Step, steps};
use super::truth::Finding;

/// Most instances of a fault in one life: below it a step is long enough for the rows of one.
const INSTANCES_MAX: u64 = 2_000;

impl Life<'_, '_> {
    /// A month in which every exchange carries the fault.
    pub fn faulty(&mut self, fault: Fault, variant: u8, quota: Quota) -> Result<(), GenerateError> {
        let (start, close) = (self.scene.start, self.scene.close);
        // Three days before the close even the last row of a step is past the grace of two.
        let settled = (start + 6 * HOUR, close - 3 * DAY - 4 * HOUR);
        let (from, to) = match (fault, self.scene.gap) {
            // A day's end before the period's end is no cut-off that a pair could cross.
            (Fault::Evt06, _) if !self.scene.whole => return Ok(()),
            (Fault::Evt06, _) => (close - HOUR, close),
            (Fault::Evt07, _) => (close - 36 * HOUR, close - 4 * HOUR),
            (Fault::Amt07, Some(gap)) => (gap.0, gap.1 - HOUR),
            _ => settled,
        };
        for (party, rows) in [(Party::A, quota.a), (Party::B, quota.b)] {
            if rows > 1 {
                let points = self.rng.i64(100..2_000);
                let at = start + self.rng.i64(0..5 * HOUR);
                self.home(party, Kind::Earn, points, at)?;
            }
        }
        let most = if fault == Fault::Evt06 { 100 } else { INSTANCES_MAX };
        let count = (quota.a.min(quota.b).saturating_sub(1) / 2).clamp(1, most);
        for (turn, step) in steps(from, to, count).enumerate() {
            self.instance(fault, variant, step, turn)?;
        }
        Ok(())
    }

    fn instance(
        &mut self,
        fault: Fault,
        variant: u8,
        step: Step,
        turn: usize,
    ) -> Result<(), GenerateError> {
        let issuer = if self.rng.bool() { Party::A } else { Party::B };
        let at = step.from + step.width / 4 + self.rng.i64(0..(step.width / 8).max(1));
        // The first second of an instance comes after what it spends was earned.
        for party in Party::BOTH {
            self.fund(party, 13_000, step.from)?;
        }
        let offset = self.rng.i64(1..=(step.width / 8).clamp(1, 3_600));
        let flow = self.flow(issuer, at);
        let points = self.amount(issuer);
        let draft = Draft::new(issuer, flow, points, at, offset);
        match fault {
            Fault::Evt01 => self.issuer_only(fault, draft),
            Fault::Evt02 => self.acceptor_only(fault, variant, draft),
            Fault::Evt03 => self.duplicate(variant, draft),
            Fault::Evt04 => self.collision(variant, draft),
            Fault::Evt06 => self.across(draft),
            Fault::Evt07 if variant == 0 => self.issuer_only(fault, draft),
            Fault::Evt07 => self.acceptor_only(fault, 0, draft),
            Fault::Evt08 => self.statuses(variant, draft),
            Fault::Evt09 => self.direction(variant, draft),
            Fault::Evt10 => self.ambiguous(variant, turn, draft),
            Fault::Amt01 | Fault::Amt02 | Fault::Amt03 | Fault::Amt04 => {
                self.amiss(fault, variant, draft, step)
            }
            Fault::Amt07 => self.unpriced(draft),
            Fault::Rev01 => self.orphan(variant, draft, step),
            Fault::Rev02 => self.too_much(draft, step),
            Fault::Rev03 => self.lone_reversal(variant, draft, step),
            Fault::Mbr07 | Fault::Con01 | Fault::Con02 => self.ineligible(fault, variant, draft),
            Fault::Fil06 => self.refused(variant, at),
            _ => Ok(()),
        }
    }

    fn record(&mut self, found: &Finding) -> Result<(), GenerateError> {
        self.press.truth.record(self.scene, found)
    }

    /// A finding on a row of one side; `party` is the issuer of a leg and otherwise the side.
    fn on_row(&mut self, fault: Fault, party: Party, side: Party, row: &Row) -> Finding {
        Finding::new(fault, party).event(side, row.event).member(side, row.member)
    }

    /// A finding on a pair.
    fn on_pair(&mut self, fault: Fault, pair: &Pair) -> Finding {
        let Draft { issuer, acceptor_member, .. } = pair.draft;
        let member = self.person.index;
        Finding::new(fault, issuer)
            .event(issuer, pair.issuer_event)
            .event(issuer.partner(), pair.acceptor_event)
            .member(issuer, member)
            .member(issuer.partner(), acceptor_member.unwrap_or(member))
    }

    /// EVT-01, or EVT-07 within the grace.
    fn issuer_only(&mut self, fault: Fault, draft: Draft) -> Result<(), GenerateError> {
        let mut row = self.issuer_leg(&draft);
        row.order = self.order(draft.at);
        self.post(draft.issuer, row, true)?;
        let found = self.on_row(fault, draft.issuer, draft.issuer, &row);
        self.record(&found.note("no leg at the acceptor"))
    }

    /// EVT-02, or EVT-07 within the grace: with a dangling reference, or with an order alone.
    fn acceptor_only(
        &mut self,
        fault: Fault,
        variant: u8,
        draft: Draft,
    ) -> Result<(), GenerateError> {
        let mut row = self.acceptor_leg(&draft);
        row.order = self.order(draft.at);
        if variant == 0 {
            row.counter = self.unknown();
        }
        let side = draft.issuer.partner();
        self.post(side, row, row.kind == Kind::Xin)?;
        let found = self.on_row(fault, draft.issuer, side, &row);
        self.record(&found.note("no leg at the issuer"))
    }

    /// EVT-03: a row stands twice, and the second moves nothing.
    fn duplicate(&mut self, variant: u8, draft: Draft) -> Result<(), GenerateError> {
        let (side, row) = match variant {
            0 | 1 => {
                let side = if variant == 0 { Party::A } else { Party::B };
                let mut row = self.row(side, Kind::Earn, draft.points, draft.at);
                row.order = self.order(draft.at);
                self.post(side, row, true)?;
                (side, row)
            }
            _ => {
                let (issuer, acceptor) = self.legs(&draft);
                self.post(draft.issuer, issuer, true)?;
                self.post(draft.issuer.partner(), acceptor, acceptor.kind == Kind::Xin)?;
                match variant {
                    2 => (draft.issuer.partner(), acceptor),
                    _ => (draft.issuer, issuer),
                }
            }
        };
        self.post(side, row, false)?;
        let found = self.on_row(Fault::Evt03, side, side, &row);
        self.record(&found.note("the same row again"))
    }

    /// EVT-04: one number for two different rows, both of which moved the balance.
    fn collision(&mut self, variant: u8, draft: Draft) -> Result<(), GenerateError> {
        let side = draft.issuer;
        let first = if variant == 0 {
            self.row(side, Kind::Earn, draft.points, draft.at)
        } else {
            let draft = Draft { flow: Flow::Redemption, ..draft };
            let (issuer, acceptor) = self.legs(&draft);
            self.post(side.partner(), acceptor, false)?;
            issuer
        };
        let second = Row { points: first.points + first.points.signum() * 10, ..first };
        self.post(side, first, true)?;
        self.post(side, second, true)?;
        let found = self.on_row(Fault::Evt04, side, side, &first);
        self.record(&found.note("one number and two quantities"))
    }

    /// EVT-06: the acceptor's leg after the period's end. It is a memo, so that no balance is
    /// moved in one period and reported in another.
    fn across(&mut self, draft: Draft) -> Result<(), GenerateError> {
        let flow = if draft.flow == Flow::Sale { Flow::Sale } else { Flow::Redemption };
        let offset = self.scene.close - draft.at + self.rng.i64(0..HOUR);
        let pair = self.pair(Draft { flow, offset, ..draft })?;
        let found = self.on_pair(Fault::Evt06, &pair);
        self.record(&found)
    }

    /// EVT-08: posted on one side and not on the other.
    fn statuses(&mut self, variant: u8, draft: Draft) -> Result<(), GenerateError> {
        let statuses = match variant {
            0 => (Status::Posted, Status::Pending),
            1 => (Status::Pending, Status::Posted),
            _ => (Status::Posted, Status::Cancelled),
        };
        let pair = self.pair(Draft { statuses, ..draft })?;
        let note = format!("issuer {} and acceptor {}", statuses.0.word(), statuses.1.word());
        let found = self.on_pair(Fault::Evt08, &pair);
        self.record(&found.note(note))
    }

    /// EVT-09: a wrong sign, another flow, or a reference to what is no leg of the issuer's.
    fn direction(&mut self, variant: u8, draft: Draft) -> Result<(), GenerateError> {
        let Draft { issuer, at, .. } = draft;
        let found = match variant {
            0 => {
                let points = -self.rng.i64(10..500);
                let row = self.row(issuer, Kind::Earn, points, at);
                self.post(issuer, row, true)?;
                self.on_row(Fault::Evt09, issuer, issuer, &row).note("EARN below zero")
            }
            1 => {
                let acceptor_flow = Some(Flow::Sale);
                let flow = Flow::Redemption;
                let pair = self.pair(Draft { flow, acceptor_flow, ..draft })?;
                self.on_pair(Fault::Evt09, &pair).note("XBURN against XAWARD")
            }
            2 => {
                let named = self.home(issuer, Kind::Earn, draft.points, at)?;
                let mut row = self.acceptor_leg(&Draft { flow: Flow::Redemption, ..draft });
                row.counter = named;
                self.post(issuer.partner(), row, false)?;
                self.on_row(Fault::Evt09, issuer, issuer.partner(), &row)
                    .note("the reference names an EARN")
            }
            _ => {
                let flow = Flow::Redemption;
                let plain = Draft { flow, ..draft };
                let (debit, credit) = self.legs(&plain);
                let credit = Row { points: -credit.points, ..credit };
                self.post(issuer, debit, true)?;
                self.post(issuer.partner(), credit, false)?;
                self.on_row(Fault::Evt09, issuer, issuer, &debit)
                    .event(issuer.partner(), credit.event)
                    .member(issuer.partner(), credit.member)
                    .note("XACCEPT below zero")
            }
        };
        self.record(&found)
    }

    /// EVT-10: by reference, by order, or by window; the last only once in a life, because two of
    /// them could be taken for one.
    fn ambiguous(&mut self, variant: u8, turn: usize, draft: Draft) -> Result<(), GenerateError> {
        let Draft { issuer, at, offset, .. } = draft;
        let other = issuer.partner();
        let draft = Draft { flow: Flow::Redemption, ..draft };
        let mut debit = self.issuer_leg(&draft);
        let mut credit = self.acceptor_leg(&draft);
        let apart = self.rng.i64(1..=offset);
        let mut again = self.acceptor_leg(&Draft { offset: offset + apart, ..draft });
        let found = self.on_row(Fault::Evt10, issuer, issuer, &debit);
        let mut found = found.event(other, credit.event).event(other, again.event);
        let late = at + (offset / 4).clamp(1, 60);
        // On two sides of a change of ratio the mirrors would tell the pairs apart.
        let alike = ratio_at(self.scene, issuer, at) == ratio_at(self.scene, issuer, late);
        match variant {
            1 => {
                let order = self.order(at);
                debit.order = order;
                credit.order = order;
                again.order = order;
                found = found.note("two acceptor legs for one order");
            }
            2 if turn == 0 && alike => {
                let second = self.issuer_leg(&Draft { at: late, ..draft });
                // Both acceptor legs follow both of the issuer's within the window.
                credit.at = late + 60;
                again.at = late + 180;
                credit.posted = Some(credit.at);
                again.posted = Some(again.at);
                self.post(issuer, second, true)?;
                found = found.event(issuer, second.event);
                found = found.note("two of each within the window");
            }
            _ => {
                credit.counter = debit.event;
                again.counter = debit.event;
                found = found.note("two acceptor legs for one reference");
            }
        }
        self.post(issuer, debit, true)?;
        self.post(other, credit, false)?;
        self.post(other, again, false)?;
        let member = self.person.index;
        self.record(&found.member(other, member))
    }

    /// AMT-01 to AMT-04, by what the acceptor recorded.
    fn amiss(
        &mut self,
        fault: Fault,
        variant: u8,
        draft: Draft,
        step: Step,
    ) -> Result<(), GenerateError> {
        let flow = match (fault, variant) {
            (Fault::Amt01, 1) => Flow::Sale,
            (Fault::Amt01, 2) if !self.scene.in_gap(draft.at) => Flow::Conversion,
            _ => Flow::Redemption,
        };
        // Only A's ratios leave a fraction in both versions.
        let issuer = if fault == Fault::Amt04 { Party::A } else { draft.issuer };
        let thousands = self.rng.i64(1..=3) * 1_000;
        let points = if fault == Fault::Amt04 { thousands + 1 } else { thousands };
        let Draft { at, .. } = draft;
        let (num, den) = ratio_at(self.scene, issuer, at);
        let mirror = if flow == Flow::Sale { points } else { points * num / den };
        let recorded = match fault {
            // Thousands give multiples of a hundred under every ratio, and so never this.
            Fault::Amt01 => mirror - 37,
            Fault::Amt02 if variant == 0 => points * den / num,
            Fault::Amt02 => points,
            Fault::Amt03 => {
                let [low, high] = ratios(issuer);
                let other = if (num, den) == low { high } else { low };
                points * other.0 / other.1
            }
            _ => mirror + 1,
        };
        let draft = Draft { issuer, flow, points, recorded: Some(recorded), ..draft };
        let mut pair = self.pair(draft)?;
        let note = format!("agreed {mirror} and recorded {recorded}");
        let found = self.on_pair(fault, &pair);
        self.record(&found.note(note))?;
        if fault == Fault::Amt01 && variant == 2 {
            // A reversal of what is held is held with it, and is no finding of its own.
            let later = at + step.width / 4 + 1;
            self.reverse(&mut pair, points, recorded, later, draft.offset)?;
        }
        Ok(())
    }

    /// AMT-07: a conversion on the day for which no price was agreed.
    fn unpriced(&mut self, draft: Draft) -> Result<(), GenerateError> {
        let pair = self.pair(Draft { issuer: Party::A, flow: Flow::Conversion, ..draft })?;
        let found = self.on_pair(Fault::Amt07, &pair);
        self.record(&found.note("no rate of a's conversion in force"))
    }

    /// REV-01: a reversal of nothing, alone or as either leg of a pair.
    fn orphan(&mut self, variant: u8, draft: Draft, step: Step) -> Result<(), GenerateError> {
        let Draft { issuer, at, offset, .. } = draft;
        if variant == 0 {
            let mut row = self.row(issuer, Kind::Reversal, draft.points, at);
            row.original = self.unknown();
            self.post(issuer, row, true)?;
            let found = self.on_row(Fault::Rev01, issuer, issuer, &row);
            return self.record(&found.note("the original is not on the book"));
        }
        let pair = self.pair(Draft { flow: Flow::Redemption, ..draft })?;
        let later = at + step.width / 4 + 1;
        let mut credit = self.issuer_reversal(&pair, draft.points, later);
        let mut debit = self.acceptor_reversal(&pair, pair.recorded, later + offset);
        debit.counter = credit.event;
        let note = if variant == 1 {
            debit.original = if self.rng.bool() { 0 } else { self.unknown() };
            "the acceptor's leg names no original"
        } else {
            credit.original = self.unknown();
            "the issuer's leg names no original"
        };
        self.post(issuer, credit, true)?;
        self.post(issuer.partner(), debit, false)?;
        let pair = Pair { issuer_event: credit.event, acceptor_event: debit.event, ..pair };
        let found = self.on_pair(Fault::Rev01, &pair);
        self.record(&found.note(note))
    }

    /// REV-02: two reversals of three fifths each. Thousands keep every mirror exact.
    fn too_much(&mut self, draft: Draft, step: Step) -> Result<(), GenerateError> {
        let points = self.rng.i64(1..=3) * 1_000;
        let mut pair = self.pair(Draft { flow: Flow::Redemption, points, ..draft })?;
        let mut later = draft.at;
        let mut last = (0, 0);
        for _ in 0..2 {
            later += step.width / 6 + 1;
            let part = points * 3 / 5;
            let back = self.mirror_back(&pair, part);
            last = self.reverse(&mut pair, part, back, later, draft.offset)?;
        }
        let pair = Pair { issuer_event: last.0, acceptor_event: last.1, ..pair };
        let found = self.on_pair(Fault::Rev02, &pair);
        self.record(&found.note(format!("{} reversed of {points}", points * 6 / 5)))
    }

    /// REV-03: only one side took the exchange back.
    fn lone_reversal(
        &mut self,
        variant: u8,
        draft: Draft,
        step: Step,
    ) -> Result<(), GenerateError> {
        let pair = self.pair(draft)?;
        let later = draft.at + step.width / 4 + 1;
        let (side, row, moves) = if variant == 0 {
            let row = self.issuer_reversal(&pair, draft.points, later);
            (draft.issuer, row, true)
        } else {
            let row = self.acceptor_reversal(&pair, pair.recorded, later);
            (draft.issuer.partner(), row, draft.flow == Flow::Conversion)
        };
        self.post(side, row, moves)?;
        let found = self.on_row(Fault::Rev03, draft.issuer, side, &row);
        self.record(&found.note("reversed on one side"))
    }

    /// MBR-07, CON-01, CON-02: an exchange in order by somebody who may not have it.
    fn ineligible(&mut self, fault: Fault, variant: u8, draft: Draft) -> Result<(), GenerateError> {
        let draft = if fault == Fault::Mbr07 && variant == 7 {
            // A memo, so that it moves no balance of the other person's.
            let acceptor_member = Some(self.person.index.checked_sub(1).unwrap_or(1));
            Draft { flow: Flow::Redemption, acceptor_member, ..draft }
        } else {
            draft
        };
        let pair = self.pair(draft)?;
        let note = match (fault, variant) {
            (Fault::Mbr07, 0) => "no link",
            (Fault::Mbr07, 1) => "linked later",
            (Fault::Mbr07, 2) => "unlinked before",
            (Fault::Mbr07, 3) => "frozen at A",
            (Fault::Mbr07, 4) => "closed at B",
            (Fault::Mbr07, 5) => "erased at A",
            (Fault::Mbr07, 6) => "merged at B",
            (Fault::Mbr07, 7) => "the acceptor names another member",
            (Fault::Mbr07, 8) => "only an inferred link record",
            (Fault::Mbr07, _) => "only the same number",
            (Fault::Con01, _) => "no consent to this purpose",
            _ => "consent withdrawn before",
        };
        let found = self.on_pair(fault, &pair);
        self.record(&found.note(note))
    }

    /// FIL-06: a row whose number a spreadsheet has spoilt. It never reaches the books.
    fn refused(&mut self, variant: u8, at: Second) -> Result<(), GenerateError> {
        let side = if variant == 0 { Party::A } else { Party::B };
        let points = self.rng.i64(10..500);
        let mut row = self.row(side, Kind::Earn, points, at);
        row.mangled = true;
        self.post(side, row, false)?;
        let found = Finding::new(Fault::Fil06, side).member(side, self.person.index);
        self.record(&found.note("event number 4.00123E+27"))
    }
}
