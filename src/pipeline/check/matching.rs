//! The matching rules, and the tiers and consents that are judged on what they match.

use super::Checker;
use super::amounts::length_micros;
use super::units::scales;
use crate::agreement::{EventRule, MemberRule, TierMap};
use crate::pipeline::declaration::{
    Declaration, EventRuleDeclaration, MemberRuleDeclaration, TierRule, TokenColumn,
    WindowDeclaration,
};
use crate::pipeline::nearest::nearest;
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;

/// The rules in order.
pub(super) struct Matching {
    pub(super) members: Vec<MemberRule>,
    pub(super) events: Vec<EventRule>,
}

/// The longest lag between the parties' tiers.
const LAG_DAYS_MAX: u32 = 366;

const LINKS_CURE: &str = "Declare `feeds.shared.links`.";

impl Checker<'_> {
    pub(super) fn matching(&mut self, top: Spot<'_>, declared: &Declaration) -> Matching {
        let spot = top.key("match");
        Matching {
            members: self.member_rules(spot.key("members"), declared),
            events: self.event_rules(top, spot.key("events"), declared),
        }
    }

    fn member_rules(&mut self, spot: Spot<'_>, declared: &Declaration) -> Vec<MemberRule> {
        let linked = declared.feeds.shared.links.is_some();
        let Some(rules) = &declared.matching.members else {
            // Without a links feed the customary rule has nothing to go by.
            let (rules, shown) =
                if linked { (vec![MemberRule::Link], "link") } else { (vec![], "none") };
            return self.settled("match.members", None, rules, shown);
        };
        let mut members = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let item = spot.item(index);
            let (rule, word) = match rule {
                MemberRuleDeclaration::Link => (MemberRule::Link, "link"),
                MemberRuleDeclaration::Token(TokenColumn::Mobile) => {
                    (MemberRule::Token("mobile"), "token: mobile")
                }
                MemberRuleDeclaration::Token(TokenColumn::Email) => {
                    (MemberRule::Token("email"), "token: email")
                }
            };
            if members.contains(&rule) {
                self.repeated(item, word);
                continue;
            }
            members.push(rule);
            match rule {
                MemberRule::Link if !linked => self.problem(
                    item.mark(),
                    "the member rule `link` has no links to go by",
                    LINKS_CURE,
                ),
                MemberRule::Link => {}
                MemberRule::Token(column) => self.token_rule(item, declared, column),
            }
        }
        members
    }

    fn token_rule(&mut self, item: Spot<'_>, declared: &Declaration, column: &str) {
        for (letter, feeds) in [("a", &declared.feeds.a), ("b", &declared.feeds.b)] {
            let has = feeds.members.as_ref().is_some_and(|feed| feed.columns.contains_key(column));
            if !has {
                self.problem(
                    item.key("token").mark(),
                    format!(
                        "the member rule `token: {column}` needs `{column}` of both \
                        parties, and `{letter}` does not send it"
                    ),
                    format!(
                        "Declare the column `{column}` in `feeds.{letter}.members`, or \
                        remove the rule."
                    ),
                );
            }
        }
    }

    fn event_rules(
        &mut self,
        top: Spot<'_>,
        spot: Spot<'_>,
        declared: &Declaration,
    ) -> Vec<EventRule> {
        let Some(rules) = &declared.matching.events else {
            // The rule is custom's; what it lacks is a column.
            let columns = top.key("feeds").key("a").key("ledger").key("columns");
            self.reference_rule(columns, declared);
            return self.settled("match.events", None, vec![EventRule::Reference], "reference");
        };
        if rules.is_empty() {
            self.problem(
                spot.key_mark(),
                "`events` names no rule, so that no event would be paired",
                "Write at least `reference`, or remove the key.",
            );
        }
        let mut events: Vec<EventRule> = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let item = spot.item(index);
            let word = match rule {
                EventRuleDeclaration::Reference => "reference",
                EventRuleDeclaration::Order(_) => "order",
                EventRuleDeclaration::Window(_) => "window",
            };
            if events.iter().any(|earlier| earlier.word() == word) {
                self.repeated(item, word);
                continue;
            }
            match rule {
                EventRuleDeclaration::Reference => {
                    self.reference_rule(item, declared);
                    events.push(EventRule::Reference);
                }
                EventRuleDeclaration::Order(_) => {
                    self.order_rule(item, declared);
                    events.push(EventRule::Order);
                }
                EventRuleDeclaration::Window(window) => {
                    if declared.feeds.shared.links.is_none() {
                        let reason =
                            "the event rule `window` pairs by link, and there are no links";
                        self.problem(item.mark(), reason, LINKS_CURE);
                    }
                    let (from_micros, to_micros) = self.window(item.key("window"), window);
                    events.push(EventRule::Window { from_micros, to_micros });
                }
            }
        }
        events
    }

    fn repeated(&mut self, item: Spot<'_>, word: &str) {
        let reason = format!("the rule `{word}` stands here a second time");
        self.problem(item.mark(), reason, "Keep the first of the two.");
    }

    /// One reference is enough: either party may name the other's event.
    fn reference_rule(&mut self, spot: Spot<'_>, declared: &Declaration) {
        let either = [&declared.feeds.a, &declared.feeds.b]
            .iter()
            .any(|feeds| feeds.ledger.columns.contains_key("counter_event_id"));
        if !either {
            self.problem(
                spot.mark(),
                "the event rule `reference` needs `counter_event_id`, and neither ledger has it",
                "Declare the column `counter_event_id` in a ledger, or write other rules in \
                `match.events`.",
            );
        }
    }

    fn order_rule(&mut self, spot: Spot<'_>, declared: &Declaration) {
        for (letter, feeds) in [("a", &declared.feeds.a), ("b", &declared.feeds.b)] {
            if !feeds.ledger.columns.contains_key("order_no") {
                self.problem(
                    spot.mark(),
                    format!(
                        "the event rule `order` needs `order_no` of both parties, and \
                        `{letter}` does not send it"
                    ),
                    format!(
                        "Declare the column `order_no` in `feeds.{letter}.ledger`, or \
                        remove the rule."
                    ),
                );
            }
        }
    }

    fn window(&mut self, spot: Spot<'_>, window: &WindowDeclaration) -> (i64, i64) {
        let [from, to] = [("from", &window.from), ("to", &window.to)].map(|(key, text)| {
            let micros = length_micros(text);
            if micros.is_none() {
                self.problem(
                    spot.key(key).mark(),
                    format!(
                        "`{key}` of the window is `{}`, which is no length of time",
                        shown(text)
                    ),
                    "Write whole seconds, minutes, hours or days up to 366d, such as \
                    `-30s`, `90m`, `2h` or `1d`.",
                );
            }
            micros
        });
        let (Some(from), Some(to)) = (from, to) else { return (0, 0) };
        if from > to {
            self.problem(
                spot.key("from").mark(),
                format!(
                    "the window begins at {} and ends before that, at {}",
                    window.from, window.to
                ),
                "Write the lesser offset as `from`.",
            );
        }
        (from, to)
    }

    pub(super) fn consent(&mut self, spot: Spot<'_>, declared: &Declaration) {
        let Some(consent) = &declared.consent else { return };
        self.named(spot.key("purpose"), "`purpose`", &consent.purpose);
        for (feed, there) in [
            ("consents", declared.feeds.shared.consents.is_some()),
            ("links", declared.feeds.shared.links.is_some()),
        ] {
            if !there {
                self.problem(
                    spot.key_mark(),
                    format!("`consent` is judged on the feed `{feed}`, which is not declared"),
                    format!("Declare `feeds.shared.{feed}`, or remove `consent`."),
                );
            }
        }
    }

    pub(super) fn tiers(&mut self, spot: Spot<'_>, declared: &Declaration) -> Option<TierMap> {
        let tiers = declared.tiers.as_ref()?;
        if declared.feeds.shared.links.is_none() {
            let reason = "`tiers` are judged per link, and there are no links";
            self.problem(spot.key_mark(), reason, LINKS_CURE);
        }
        for (letter, feeds) in [("a", &declared.feeds.a), ("b", &declared.feeds.b)] {
            let has = feeds.members.as_ref().is_some_and(|feed| feed.columns.contains_key("tier"));
            if !has {
                self.problem(
                    spot.key_mark(),
                    format!(
                        "`tiers` need the tier of both parties, and `{letter}` does not send it"
                    ),
                    format!(
                        "Declare the column `tier` in `feeds.{letter}.members`, or remove \
                        `tiers`."
                    ),
                );
            }
        }
        if tiers.map.is_empty() {
            let reason = "`map` of the tiers is empty";
            self.problem(
                spot.key("map").key_mark(),
                reason,
                "Write A's tiers with B's beside them.",
            );
        }
        self.tier_order(spot, declared);
        let lag_days = self.settled("tiers.lag_days", tiers.lag_days, 0, "0");
        if lag_days > LAG_DAYS_MAX {
            let reason = format!("`lag_days` is {lag_days}, more than {LAG_DAYS_MAX}");
            let cure = format!("Write 0 to {LAG_DAYS_MAX} days.");
            self.problem(spot.key("lag_days").mark(), reason, cure);
        }
        let at_least = match tiers.rule {
            TierRule::Exact => Vec::new(),
            TierRule::AtLeast => tiers.order.clone(),
        };
        let basis = self.bases(spot, tiers, &scales(declared));
        Some(TierMap { map: tiers.map.clone(), at_least, lag_days, basis })
    }

    fn tier_order(&mut self, spot: Spot<'_>, declared: &Declaration) {
        let Some(tiers) = &declared.tiers else { return };
        let order = spot.key("order");
        match tiers.rule {
            TierRule::Exact if tiers.order.is_empty() => {}
            TierRule::Exact => self.problem(
                order.key_mark(),
                "`order` has no effect under `rule: exact`",
                "Remove `order`, or write `rule: at_least`.",
            ),
            TierRule::AtLeast if tiers.order.is_empty() => self.problem(
                spot.key("rule").mark(),
                "`rule: at_least` needs `order`, which says what is higher",
                "Add `order` with B's tiers from the lowest to the highest.",
            ),
            TierRule::AtLeast => {
                for (index, tier) in tiers.order.iter().enumerate() {
                    if tiers.order.iter().take(index).any(|earlier| earlier == tier) {
                        let reason = format!("the tier `{}` stands twice in `order`", shown(tier));
                        self.problem(order.item(index).mark(), reason, "Keep one of the two.");
                    }
                }
                for (from, to) in &tiers.map {
                    if tiers.order.contains(to) {
                        continue;
                    }
                    let cure = match nearest(to, tiers.order.iter().map(String::as_str)) {
                        Some(near) => format!("Did you mean `{near}`? Else add it to `order`."),
                        None => format!("Add `{}` to `order`.", shown(to)),
                    };
                    let reason =
                        format!("the tier `{}` is mapped to but not in `order`", shown(to));
                    self.problem(spot.key("map").key(from).mark(), reason, cure);
                }
            }
        }
    }
}
