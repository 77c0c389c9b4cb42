//! What tiers rest on.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use crate::agreement::TierBasis;
use crate::pipeline::declaration::{BasisKind, TierBasisDeclaration, TiersDeclaration};
use crate::pipeline::nearest;
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::kind::Kind;
use crate::value::party::{Both, Party};

/// The most months that a tier may look back.
const MONTHS_MAX: u32 = 120;

impl Checker<'_> {
    pub(super) fn bases(
        &mut self,
        spot: Spot<'_>,
        tiers: &TiersDeclaration,
        scales: &Both<u8>,
    ) -> Both<BTreeMap<String, TierBasis>> {
        let of_a: BTreeSet<&str> = tiers.map.keys().map(String::as_str).collect();
        let of_b = tiers.map.values().chain(&tiers.order).map(String::as_str).collect();
        let spot = spot.key("basis");
        Both {
            a: self.bases_of(spot.key("a"), &tiers.basis.a, &of_a, (Party::A, scales.a)),
            b: self.bases_of(spot.key("b"), &tiers.basis.b, &of_b, (Party::B, scales.b)),
        }
    }

    fn bases_of(
        &mut self,
        spot: Spot<'_>,
        declared: &BTreeMap<String, TierBasisDeclaration>,
        known: &BTreeSet<&str>,
        of: (Party, u8),
    ) -> BTreeMap<String, TierBasis> {
        let mut bases = BTreeMap::new();
        for (tier, basis) in declared {
            let at = spot.key(tier);
            if !known.contains(tier.as_str()) {
                let known: Vec<&str> = known.iter().copied().collect();
                let reason = format!("`{}` is no tier of the map or its order", shown(tier));
                self.problem(at.key_mark(), reason, nearest::cure(tier, &known));
            }
            let kinds = self.basis_kinds(at, &basis.kinds);
            if !(1..=MONTHS_MAX).contains(&basis.months) {
                let reason = format!("`months` is {}, not 1 to {MONTHS_MAX}", basis.months);
                self.problem(at.key("months").mark(), reason, "Write a number of months.");
            }
            let points = self.quantity(at, basis, of);
            bases.extend(
                points.map(|points| {
                    (tier.clone(), TierBasis { points, kinds, months: basis.months })
                }),
            );
        }
        bases
    }

    fn basis_kinds(&mut self, at: Spot<'_>, declared: &[BasisKind]) -> Vec<Kind> {
        let spot = at.key("kinds");
        if declared.is_empty() {
            let reason = "`kinds` names no kind, so that nothing would count";
            self.problem(spot.key_mark(), reason, "Write kinds of movement, such as [earn].");
        }
        let mut kinds = Vec::new();
        for (index, kind) in declared.iter().enumerate() {
            let kind = match kind {
                BasisKind::Earn => Kind::Earn,
                BasisKind::Xearn => Kind::Xearn,
                BasisKind::Burn => Kind::Burn,
                BasisKind::Xburn => Kind::Xburn,
                BasisKind::Xout => Kind::Xout,
                BasisKind::Xin => Kind::Xin,
            };
            if kinds.contains(&kind) {
                let reason = format!("the kind `{}` stands twice in `kinds`", kind.word());
                self.problem(spot.item(index).mark(), reason, "Keep one of the two.");
            } else {
                kinds.push(kind);
            }
        }
        kinds
    }
}
